"""Writes the samples beside this file with NumPy and onnx themselves: the independent writers of the formats. Run with NumPy 1.24 and onnx 1.12."""
import numpy as np
from numpy.lib import format as npy
from onnx import TensorProto, helper, numpy_helper

grid = np.array([[0, 1, 2], [3, 4, 5]])

for kind in ['b1', 'i1', 'u1', 'i2', 'u2', 'i4', 'u4', 'i8', 'u8', 'f2', 'f4', 'f8']:
    np.save(f'little_{kind}.npy', grid.astype('<' + kind))
for kind in ['i2', 'u4', 'f2', 'f4', 'f8']:
    np.save(f'big_{kind}.npy', grid.astype('>' + kind))
np.save('fortran_f4.npy', np.asfortranarray(grid.astype('<f4')))
np.save('fortran_3d_i2.npy', np.asfortranarray(np.arange(24).reshape(2, 3, 4).astype('<i2')))
np.save('scalar_f4.npy', np.float32(7.5))
np.save('empty_f4.npy', np.zeros((0, 3), 'f4'))
for version in [(1, 0), (2, 0), (3, 0)]:
    with open(f'version_{version[0]}.npy', 'wb') as file:
        npy.write_array(file, grid.astype('<f4'), version=version)
np.save('structured.npy', np.zeros(2, dtype=[('a', '<f4')]))
np.save('text.npy', np.array(['a', 'b']))
np.save('complex.npy', np.zeros(2, 'c8'))

np.savez('stored.npz', a=grid.astype('f4'), **{'block/b:0': grid.astype('i8')})
np.savez_compressed('deflated.npz', a=grid.astype('f4'), **{'block/b:0': grid.astype('i8')})

for name in ['FLOAT', 'DOUBLE', 'INT8', 'UINT8', 'INT16', 'UINT16', 'INT32', 'UINT32', 'INT64', 'UINT64', 'BOOL', 'FLOAT16']:
    values = grid.flatten().tolist()
    tensor = helper.make_tensor('x', getattr(TensorProto, name), [2, 3], values)
    open(f'fields_{name.lower()}.pb', 'wb').write(tensor.SerializeToString())
for kind in ['f4', 'i8', 'b1', 'f2']:
    open(f'raw_{kind}.pb', 'wb').write(numpy_helper.from_array(grid.astype(kind), 'x').SerializeToString())
open('unnamed.pb', 'wb').write(numpy_helper.from_array(grid.astype('f4')).SerializeToString())
open('text.pb', 'wb').write(helper.make_tensor('x', TensorProto.STRING, [1], [b'a']).SerializeToString())
