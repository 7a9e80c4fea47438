using System.Globalization;
using System.Security.Cryptography;
using Google.Protobuf;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx;

/// <summary>Tensors that a model keeps in files beside its own, as the ONNX IR specification's "external tensor data" says.</summary>
internal static class ExternalData
{
    /// <summary>
    /// How far tensors that share bytes may exceed what the files hold: by as much again, or by 1 GiB. They are in memory once, but written
    /// for each.
    /// </summary>
    private const long MostShared = 1L << 30;

    /// <summary>
    /// Brings them into memory, and their bytes into the hash if there is one. Tensors with the same place in the same file share their
    /// bytes.
    /// </summary>
    /// <returns>How many bytes there were, shared ones once.</returns>
    /// <exception cref="OnnxModelException">
    /// A file is missing, no regular file, too short or outside of the model's folder, or a tensor's place in it makes no sense or overlaps
    /// another's. All places are checked before anything is read.
    /// </exception>
    public static long Load(string modelPath, ModelProto model, IncrementalHash? hash)
    {
        ExternalFiles files = new(modelPath);
        List<ExternalRegion> regions =
            [.. model.AllTensors().Where(tensor => tensor.DataLocation == TensorProto.Types.DataLocation.External).Select(files.Locate)];
        long bytes = CheckOverlaps(files, regions);
        Dictionary<(string Path, long Offset, long Length), ByteString> read = [];
        foreach (ExternalRegion region in regions)
        {
            if (!read.TryGetValue((region.Path, region.Offset, region.Length), out ByteString? data))
            {
                byte[] content = Read(files, region);
                hash?.AppendData(content);
                read[(region.Path, region.Offset, region.Length)] = data = UnsafeByteOperations.UnsafeWrap(content);
            }

            region.Tensor.RawData = data;
            region.Tensor.ExternalData.Clear();
            region.Tensor.ClearDataLocation();
        }

        return bytes;
    }

    /// <summary>Says of a tensor that its bytes lie in another file, in place of the bytes.</summary>
    public static void Refer(TensorProto tensor, string location, long offset)
    {
        long length = tensor.RawData.Length;
        tensor.ClearRawData();
        tensor.DataLocation = TensorProto.Types.DataLocation.External;
        tensor.ExternalData.Add([
            new StringStringEntryProto { Key = "location", Value = location },
            new StringStringEntryProto { Key = "offset", Value = offset.ToString(CultureInfo.InvariantCulture) },
            new StringStringEntryProto { Key = "length", Value = length.ToString(CultureInfo.InvariantCulture) },
        ]);
    }

    /// <summary>Refuses tensors that share a part of their bytes, and those that share all of them too often.</summary>
    /// <returns>The bytes of all regions, shared ones once.</returns>
    private static long CheckOverlaps(ExternalFiles files, List<ExternalRegion> regions)
    {
        long bytes = 0;
        Int128 shared = 0;
        foreach (IGrouping<string, ExternalRegion> file in regions.Where(region => region.Length > 0).GroupBy(region => region.Path))
        {
            ExternalRegion? before = null;
            foreach (ExternalRegion region in file.OrderBy(region => region.Offset).ThenBy(region => region.Length))
            {
                if (before is null || before.Offset + before.Length <= region.Offset)
                {
                    bytes += region.Length;
                }
                else if (before.IsSameAs(region))
                {
                    shared += region.Length;
                }
                else
                {
                    throw files.Refuse(region.Tensor, string.Create(
                        CultureInfo.InvariantCulture,
                        $"lies in bytes {region.Offset} to {region.Offset + region.Length} of {region.Path}, which overlap those of "
                            + $"tensor '{VisibleText.Short(before.Tensor.Name)}', {before.Offset} to {before.Offset + before.Length}; export "
                            + $"the model again"));
                }

                before = region;
            }
        }

        return shared <= Math.Max(bytes, MostShared) ? bytes : throw files.Refuse(regions[^1].Tensor, string.Create(
            CultureInfo.InvariantCulture, $"and others share bytes of other tensors: {bytes} bytes of data stand for {bytes + shared}, "
                + $"which is not accepted; export the model again"));
    }

    private static byte[] Read(ExternalFiles files, ExternalRegion region)
    {
        try
        {
            using FileStream stream = RegularFile.OpenRead(region.Path, bufferSize: 0);
            byte[] data = new byte[region.Length];
            stream.Position = region.Offset;
            stream.ReadExactly(data);
            return data;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw files.Refuse(region.Tensor, $"cannot be read: {e.Message.TrimEnd('.')}; put the file beside the model", e);
        }
    }
}
