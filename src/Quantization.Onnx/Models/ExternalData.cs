using System.Globalization;
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
    private const long MaxShared = 1L << 30;

    /// <summary>
    /// The most files that stay open for their tensors to be read later, since processes may not open any number; tensors of further
    /// files are read at once. Exporters write one file, or one per tensor.
    /// </summary>
    private const int MaxOpen = 256;

    /// <summary>
    /// Makes their bytes the tensors' own. Tensors with the same place in the same file share their bytes.
    /// </summary>
    /// <param name="modelPath">The model's file.</param>
    /// <param name="model">The model.</param>
    /// <param name="mostInMemory">
    /// Where there are more bytes, those of large tensors are not read but left in their file until they are asked for.
    /// </param>
    /// <returns>How many bytes there were, shared ones once, and the bytes of each place in the order of the tensors.</returns>
    /// <exception cref="OnnxModelException">
    /// A file is missing, no regular file, too short or outside of the model's folder, or a tensor's place in it makes no sense or overlaps
    /// another's. All places are checked before anything is read.
    /// </exception>
    public static (long Bytes, IReadOnlyList<ByteString> Places) Load(
        string modelPath, ModelProto model, long mostInMemory = ModelStore.LargestInMemory)
    {
        ExternalFiles files = new(modelPath);
        List<ExternalRegion> regions =
            [.. model.AllTensors().Where(tensor => tensor.DataLocation == TensorProto.Types.DataLocation.External).Select(files.Locate)];
        long bytes = CheckOverlaps(files, regions);
        Dictionary<(string Path, long Offset, long Length), ByteString> read = [];
        List<ByteString> places = [];
        Dictionary<string, TensorFile> open = [];
        foreach (ExternalRegion region in regions)
        {
            if (!read.TryGetValue((region.Path, region.Offset, region.Length), out ByteString? data))
            {
                bool canStay = open.Count < MaxOpen || open.ContainsKey(region.Path);
                bool stays = bytes > mostInMemory && region.Length >= TensorBytes.Smallest && canStay;
                data = Guard(files, region, () => stays ? Find(files, region, open) : Read(region));
                read[(region.Path, region.Offset, region.Length)] = data;
                places.Add(data);
            }

            PutBack(region.Tensor, data);
        }

        return (bytes, places);
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

    /// <summary>Gives a tensor its bytes in place of where they are.</summary>
    public static void PutBack(TensorProto tensor, ByteString data)
    {
        tensor.RawData = data;
        tensor.ExternalData.Clear();
        tensor.ClearDataLocation();
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
                            + $"tensor '{VisibleText.Short(before.Tensor.Name)}', {before.Offset} to "
                            + $"{before.Offset + before.Length}; export "
                            + $"the model again"));
                }

                before = region;
            }
        }

        return shared <= Math.Max(bytes, MaxShared) ? bytes : throw files.Refuse(regions[^1].Tensor, string.Create(
            CultureInfo.InvariantCulture, $"and others share bytes of other tensors: {bytes} bytes of data stand for {bytes + shared}, "
                + $"which is not accepted; export the model again"));
    }

    private static ByteString Read(ExternalRegion region)
    {
        using FileStream stream = RegularFile.OpenRead(region.Path, bufferSize: 0);
        byte[] data = new byte[region.Length];
        stream.Position = region.Offset;
        stream.ReadExactly(data);
        return UnsafeByteOperations.UnsafeWrap(data);
    }

    private static ByteString Find(ExternalFiles files, ExternalRegion region, Dictionary<string, TensorFile> open)
    {
        if (!open.TryGetValue(region.Path, out TensorFile? file))
        {
            open[region.Path] = file = TensorFile.Open(files.ModelPath, region.Path);
        }

        // The file may have become shorter since the place was checked.
        return region.Offset + region.Length <= file.Length
            ? TensorBytes.Of(file, region.Offset, (int)region.Length)
            : throw new EndOfStreamException();
    }

    private static ByteString Guard(ExternalFiles files, ExternalRegion region, Func<ByteString> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw files.Refuse(region.Tensor, $"cannot be read: {e.Message.TrimEnd('.')}; put the file beside the model", e);
        }
    }
}
