using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Quantization.Onnx.Tests.Samples;

/// <summary>The readers against files that NumPy and onnx wrote.</summary>
public sealed class SampleFormatTests
{
    private static readonly double[] Grid = [0, 1, 2, 3, 4, 5];

    [Theory]
    [InlineData("little_i1.npy", TensorElementType.Int8)]
    [InlineData("little_u1.npy", TensorElementType.UInt8)]
    [InlineData("little_i2.npy", TensorElementType.Int16)]
    [InlineData("little_u2.npy", TensorElementType.UInt16)]
    [InlineData("little_i4.npy", TensorElementType.Int32)]
    [InlineData("little_u4.npy", TensorElementType.UInt32)]
    [InlineData("little_i8.npy", TensorElementType.Int64)]
    [InlineData("little_u8.npy", TensorElementType.UInt64)]
    [InlineData("little_f2.npy", TensorElementType.Float16)]
    [InlineData("little_f4.npy", TensorElementType.Float)]
    [InlineData("little_f8.npy", TensorElementType.Double)]
    [InlineData("big_i2.npy", TensorElementType.Int16)]
    [InlineData("big_u4.npy", TensorElementType.UInt32)]
    [InlineData("big_f2.npy", TensorElementType.Float16)]
    [InlineData("big_f4.npy", TensorElementType.Float)]
    [InlineData("big_f8.npy", TensorElementType.Double)]
    [InlineData("fortran_f4.npy", TensorElementType.Float)]
    [InlineData("version_1.npy", TensorElementType.Float)]
    [InlineData("version_2.npy", TensorElementType.Float)]
    [InlineData("version_3.npy", TensorElementType.Float)]
    public void An_array_of_NumPy_is_read_in_row_major_order(string file, TensorElementType type)
    {
        SampleTensor tensor = SampleFile.ReadNpy(SampleData.Path(file)).Should().ContainSingle().Subject;

        tensor.Name.Should().BeNull();
        tensor.ElementType.Should().Be(type);
        tensor.Shape.ToArray().Should().Equal(2, 3);
        Values(tensor).Should().Equal(Grid);
    }

    [Fact]
    public void Booleans_are_read()
    {
        SampleTensor tensor = SampleFile.ReadNpy(SampleData.Path("little_b1.npy"))[0];

        tensor.ElementType.Should().Be(TensorElementType.Bool);
        tensor.Data.ToArray().Should().Equal(0, 1, 1, 1, 1, 1);
    }

    [Fact]
    public void Three_axes_in_Fortran_order_become_row_major()
    {
        SampleTensor tensor = SampleFile.ReadNpy(SampleData.Path("fortran_3d_i2.npy"))[0];

        tensor.Shape.ToArray().Should().Equal(2, 3, 4);
        Values(tensor).Should().Equal(Enumerable.Range(0, 24).Select(value => (double)value));
    }

    [Fact]
    public void Scalars_and_empty_arrays_are_read()
    {
        SampleTensor scalar = SampleFile.ReadNpy(SampleData.Path("scalar_f4.npy"))[0];
        scalar.Shape.ToArray().Should().BeEmpty();
        Values(scalar).Should().Equal(7.5);

        SampleTensor empty = SampleFile.ReadNpy(SampleData.Path("empty_f4.npy"))[0];
        empty.Shape.ToArray().Should().Equal(0, 3);
        empty.Data.Length.Should().Be(0);
    }

    [Theory]
    [InlineData("stored.npz")]
    [InlineData("deflated.npz")]
    public void Archives_name_their_arrays(string file)
    {
        SampleTensor[] tensors = SampleFile.ReadNpz(SampleData.Path(file));

        tensors.Select(tensor => tensor.Name).Should().Equal("a", "block/b:0");
        tensors.Select(tensor => tensor.ElementType).Should().Equal(TensorElementType.Float, TensorElementType.Int64);
        tensors.Should().AllSatisfy(tensor => Values(tensor).Should().Equal(Grid));
    }

    [Theory]
    [InlineData("fields_float.pb", TensorElementType.Float)]
    [InlineData("fields_double.pb", TensorElementType.Double)]
    [InlineData("fields_int8.pb", TensorElementType.Int8)]
    [InlineData("fields_uint8.pb", TensorElementType.UInt8)]
    [InlineData("fields_int16.pb", TensorElementType.Int16)]
    [InlineData("fields_uint16.pb", TensorElementType.UInt16)]
    [InlineData("fields_int32.pb", TensorElementType.Int32)]
    [InlineData("fields_uint32.pb", TensorElementType.UInt32)]
    [InlineData("fields_int64.pb", TensorElementType.Int64)]
    [InlineData("fields_uint64.pb", TensorElementType.UInt64)]
    [InlineData("fields_float16.pb", TensorElementType.Float16)]
    [InlineData("raw_f4.pb", TensorElementType.Float)]
    [InlineData("raw_i8.pb", TensorElementType.Int64)]
    [InlineData("raw_f2.pb", TensorElementType.Float16)]
    public void A_TensorProto_of_onnx_is_read(string file, TensorElementType type)
    {
        SampleTensor tensor = ReadTensorProto(file);

        tensor.Name.Should().Be("x");
        tensor.ElementType.Should().Be(type);
        tensor.Shape.ToArray().Should().Equal(2, 3);
        Values(tensor).Should().Equal(Grid);
    }

    [Theory]
    [InlineData("fields_bool.pb")]
    [InlineData("raw_b1.pb")]
    public void A_TensorProto_of_booleans_is_read(string file) => ReadTensorProto(file).Data.ToArray().Should().Equal(0, 1, 1, 1, 1, 1);

    [Fact]
    public void A_TensorProto_without_name_stands_for_its_position() => ReadTensorProto("unnamed.pb").Name.Should().BeNull();

    [Theory]
    [InlineData("structured.npy", "does not name a type of plain numbers")]
    [InlineData("text.npy", "does not name a type of plain numbers")]
    [InlineData("complex.npy", "does not name a type of plain numbers")]
    public void Arrays_of_something_else_than_numbers_are_refused(string file, string reason) =>
        Refusal(() => SampleFile.ReadNpy(SampleData.Path(file))).Should().StartWith(SampleData.Path(file) + ": ").And.Contain(reason);

    [Fact]
    public void A_TensorProto_of_text_is_refused() =>
        Refusal(() => ReadTensorProto("text.pb")).Should().Contain("it holds elements of type String");

    [Fact]
    public void Every_truncation_of_an_array_is_refused_with_the_name_of_its_file()
    {
        byte[] whole = File.ReadAllBytes(SampleData.Path("little_f4.npy"));
        using TemporaryFolder folder = new();
        for (int length = 0; length < whole.Length; length++)
        {
            string path = folder.Write("cut.npy", whole[..length]);

            Refusal(() => SampleFile.ReadNpy(path)).Should().StartWith(path + ": ");
        }
    }

    [Fact]
    public void Every_truncation_of_an_archive_is_refused_with_the_name_of_its_file()
    {
        byte[] whole = File.ReadAllBytes(SampleData.Path("deflated.npz"));
        using TemporaryFolder folder = new();
        for (int length = 0; length < whole.Length; length++)
        {
            string path = folder.Write("cut.npz", whole[..length]);

            Refusal(() => SampleFile.ReadNpz(path)).Should().StartWith(path + ": ");
        }
    }

    [Fact]
    public void Every_truncation_of_a_TensorProto_is_refused_with_the_name_of_its_file()
    {
        byte[] whole = File.ReadAllBytes(SampleData.Path("raw_f4.pb"));
        using TemporaryFolder folder = new();
        for (int length = 0; length < whole.Length; length++)
        {
            string path = folder.Write("input_0.pb", whole[..length]);

            Refusal(() => SampleFile.ReadOnnx(folder.FullName)).Should().StartWith(path + ": ");
        }
    }

    [Fact]
    public void An_array_that_goes_on_after_its_shape_is_refused()
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("long.npy", [.. File.ReadAllBytes(SampleData.Path("little_f4.npy")), 0]);

        Refusal(() => SampleFile.ReadNpy(path)).Should()
            .Be($"{path}: it goes on after the 24 bytes of its shape [2, 3] of float32; store one array per file.");
    }

    [Theory]
    [InlineData("(9223372036854775807, 9223372036854775807, 9223372036854775807)", "asks for more than")]
    [InlineData("(4294967296, 4294967296)", "asks for more than")]
    [InlineData("(400000000,)", "needs 1600000000 bytes, but it ends after 4")]
    [InlineData("(99999999999999999999,)", "has an axis '99999999999999999999'")]
    [InlineData("(-1,)", "has an axis '-1'")]
    [InlineData("(1.5,)", "has an axis '1.5'")]
    [InlineData("(0, 9223372036854775807)", "goes on after the 0 bytes")]
    public void A_shape_that_lies_is_refused_without_taking_its_memory(string shape, string reason)
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("lie.npy", Npy($"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}", [0, 0, 0, 0]));
        long before = GC.GetAllocatedBytesForCurrentThread();

        Refusal(() => SampleFile.ReadNpy(path)).Should().Contain(reason);

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(4 << 20);
    }

    [Fact]
    public void A_header_that_claims_gigabytes_is_refused()
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("header.npy", [0x93, .. "NUMPY"u8, 2, 0, 0xFF, 0xFF, 0xFF, 0xFF]);

        Refusal(() => SampleFile.ReadNpy(path)).Should().Contain("its header claims 4294967295 bytes");
    }

    [Fact]
    public void An_archive_that_inflates_beyond_its_shape_is_refused_before_it_is_inflated()
    {
        using TemporaryFolder folder = new();
        string path = Path.Combine(folder.FullName, "bomb.npz");
        using (ZipArchive archive = ZipFile.Open(path, ZipArchiveMode.Create))
        {
            using Stream entry = archive.CreateEntry("x.npy", CompressionLevel.Optimal).Open();
            entry.Write(Npy("{'descr': '|u1', 'fortran_order': False, 'shape': (8,), }", new byte[1 << 26]));
        }

        new FileInfo(path).Length.Should().BeLessThan(1 << 17);
        long before = GC.GetAllocatedBytesForCurrentThread();

        Refusal(() => SampleFile.ReadNpz(path)).Should()
            .Be($"{path}: in its array 'x', it goes on after the 8 bytes of its shape [8] of uint8; store one array per file.");

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(4 << 20);
    }

    [Fact]
    public void An_archive_with_something_else_than_arrays_is_refused()
    {
        using TemporaryFolder folder = new();
        string path = Path.Combine(folder.FullName, "other.npz");
        using (ZipArchive archive = ZipFile.Open(path, ZipArchiveMode.Create))
        {
            archive.CreateEntry("readme.txt");
        }

        Refusal(() => SampleFile.ReadNpz(path)).Should().Be($"{path}: its entry 'readme.txt' is no .npy array; write it with numpy.savez.");
    }

    private static byte[] Npy(string header, byte[] data) =>
        [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, (byte)(header.Length >> 8), .. Encoding.ASCII.GetBytes(header), .. data];

    private static SampleTensor ReadTensorProto(string file)
    {
        using TemporaryFolder folder = new();
        folder.Write("input_0.pb", File.ReadAllBytes(SampleData.Path(file)));
        SampleTensor tensor = SampleFile.ReadOnnx(folder.FullName).Should().ContainSingle().Subject;
        tensor.Data.Length.Should().BePositive(); // read while the file is there
        return tensor;
    }

    private static string Refusal(Func<object> read) => read.Should().Throw<InvalidDataException>().Which.Message;

    private static double[] Values(SampleTensor tensor) => tensor.ElementType switch
    {
        TensorElementType.Float => Cast<float>(tensor, value => value),
        TensorElementType.Double => Cast<double>(tensor, value => value),
        TensorElementType.Float16 => Cast<Half>(tensor, value => (double)value),
        TensorElementType.Int8 => Cast<sbyte>(tensor, value => value),
        TensorElementType.UInt8 => Cast<byte>(tensor, value => value),
        TensorElementType.Int16 => Cast<short>(tensor, value => value),
        TensorElementType.UInt16 => Cast<ushort>(tensor, value => value),
        TensorElementType.Int32 => Cast<int>(tensor, value => value),
        TensorElementType.UInt32 => Cast<uint>(tensor, value => value),
        TensorElementType.Int64 => Cast<long>(tensor, value => value),
        _ => Cast<ulong>(tensor, value => value),
    };

    private static double[] Cast<T>(SampleTensor tensor, Converter<T, double> convert)
        where T : unmanaged => Array.ConvertAll(MemoryMarshal.Cast<byte, T>(tensor.Data).ToArray(), convert);
}
