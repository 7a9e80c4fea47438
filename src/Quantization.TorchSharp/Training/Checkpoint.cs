using System.Text;
using Quantization.Onnx;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace Quantization.TorchSharp;

/// <summary>
/// All that a training run needs to go on: parameters, buffers and ranges, the optimizer, torch's random numbers, which BatchNorms are
/// frozen and which quantizers are on. The file is <c>QATC</c>, a version, the position, the flags, the tensors by name, the state of the
/// random numbers and the optimizer's own bytes.
/// </summary>
internal static class Checkpoint
{
    private const int Magic = 0x43544151, Version = 1;

    /// <summary>Names and shapes longer than this are damage.</summary>
    private const int MaxNames = 1 << 20, MaxAxes = 64;

    public static void Save(QatModel model, torch.optim.Optimizer optimizer, CheckpointPosition position, string path)
    {
        using AtomicFile file = AtomicFile.Create(path);
        file.Commit(stream =>
        {
            using BinaryWriter writer = new(stream, Encoding.UTF8, leaveOpen: true);
            writer.Write(Magic);
            writer.Write(Version);
            writer.Write(position.Epoch);
            writer.Write(position.Step);
            bool[] flags = [.. FlagsOf(model)];
            writer.Write(flags.Length);
            Array.ForEach(flags, writer.Write);
            Dictionary<string, Tensor> state = model.Module.state_dict();
            writer.Write(state.Count);
            foreach ((string name, Tensor tensor) in state.OrderBy(each => each.Key, StringComparer.Ordinal))
            {
                writer.Write(name);
                Write(writer, tensor);
            }

            using Tensor random = torch.random.get_rng_state();
            Write(writer, random);
            using MemoryStream optimizing = new();
            using (BinaryWriter inner = new(optimizing, Encoding.UTF8, leaveOpen: true))
            {
                Helper(optimizer).save_state_dict(inner);
            }

            writer.Write((int)optimizing.Length);
            writer.Write(optimizing.GetBuffer().AsSpan(0, (int)optimizing.Length));
        });
    }

    public static CheckpointPosition Load(QatModel model, torch.optim.Optimizer optimizer, string path)
    {
        using FileStream stream = File.OpenRead(path);
        using BinaryReader reader = new(stream, Encoding.UTF8);
        try
        {
            return Load(model, optimizer, path, reader);
        }
        catch (Exception e) when (e is EndOfStreamException or FormatException or OverflowException or DecoderFallbackException)
        {
            throw new InvalidDataException($"{path}: this checkpoint is damaged or cut off.", e);
        }
    }

    private static CheckpointPosition Load(QatModel model, torch.optim.Optimizer optimizer, string path, BinaryReader reader)
    {
        if (reader.ReadInt32() != Magic)
        {
            throw new InvalidDataException($"{path}: this is no checkpoint of {nameof(QatModel)}.{nameof(QatModel.SaveCheckpoint)}.");
        }

        if (reader.ReadInt32() is var version && version != Version)
        {
            throw new InvalidDataException($"{path}: this checkpoint has version {version}; version {Version} can be read.");
        }

        CheckpointPosition position = new(reader.ReadInt32(), reader.ReadInt64());
        bool[] expected = [.. FlagsOf(model)];
        if (reader.ReadInt32() is var count && count != expected.Length)
        {
            throw Foreign(path, "it has more or fewer quantized layers");
        }

        bool[] flags = [.. expected.Select(_ => reader.ReadBoolean())];

        // Everything is read and checked before anything is changed.
        Dictionary<string, Tensor> state = model.Module.state_dict();
        int names = reader.ReadInt32();
        if (names is < 0 or > MaxNames)
        {
            throw new FormatException();
        }

        List<(Tensor To, byte[] Bytes)> read = [];
        for (int i = 0; i < names; i++)
        {
            string name = reader.ReadString();
            Tensor tensor = state.Remove(name, out Tensor? known) ? known : throw Foreign(path, $"'{name}' is not in this model");
            read.Add((tensor, Read(reader, tensor, () => Foreign(path, $"'{name}' has another shape or type than in this model"))));
        }

        if (state.Count > 0)
        {
            throw Foreign(path, $"it lacks '{state.Keys.First()}'");
        }

        using Tensor random = torch.random.get_rng_state();
        byte[] randomBytes = Read(reader, random, () => new FormatException());
        int length = reader.ReadInt32();
        byte[] optimizing = length < 0 ? throw new FormatException() : reader.ReadBytes(length);
        if (optimizing.Length != length)
        {
            throw new EndOfStreamException();
        }

        try
        {
            using BinaryReader inner = new(new MemoryStream(optimizing), Encoding.UTF8);
            Helper(optimizer).load_state_dict(inner);
        }
        catch (Exception e) when (e is InvalidDataException or InvalidCastException or ArgumentException or EndOfStreamException)
        {
            throw new InvalidDataException(
                $"{path}: the state of the optimizer does not fit a {optimizer.GetType().Name} over these parameters: {e.Message}", e);
        }

        foreach ((Tensor to, byte[] bytes) in read)
        {
            Fill(to, bytes);
        }

        Fill(random, randomBytes);
        torch.random.set_rng_state(random);
        Restore(model, flags);
        return position;
    }

    private const int FlagsPerLayer = 3;

    private static IEnumerable<bool> FlagsOf(QatModel model) => model.QuantizedLayers
        .SelectMany(layer => (bool[])[layer.IsBatchNormFrozen, layer.InputQuantizer.Enabled, layer.WeightQuantizer.Enabled])
        .Concat(model.Embeddings.Select(table => table.WeightQuantizer.Enabled));

    private static void Restore(QatModel model, bool[] flags)
    {
        foreach ((QuantizedLayer layer, bool[] own) in model.QuantizedLayers.Zip(flags.Chunk(FlagsPerLayer)))
        {
            layer.IsBatchNormFrozen = own[0];
            (layer.InputQuantizer.Enabled, layer.WeightQuantizer.Enabled) = (own[1], own[2]);
        }

        foreach ((QuantizedEmbedding table, bool isEnabled) in model.Embeddings.Zip(
            flags.Skip(FlagsPerLayer * model.QuantizedLayers.Count)))
        {
            table.WeightQuantizer.Enabled = isEnabled;
        }
    }

    private static void Write(BinaryWriter writer, Tensor tensor)
    {
        using Tensor near = tensor.detach().cpu().contiguous();
        writer.Write((byte)near.dtype);
        writer.Write(near.shape.Length);
        Array.ForEach(near.shape, writer.Write);
        writer.Write(near.bytes);
    }

    private static byte[] Read(BinaryReader reader, Tensor like, Func<Exception> refuse)
    {
        torch.ScalarType type = (torch.ScalarType)reader.ReadByte();
        int axes = reader.ReadInt32();
        if (axes is < 0 or > MaxAxes)
        {
            throw new FormatException();
        }

        long[] shape = new long[axes];
        for (int i = 0; i < axes; i++)
        {
            shape[i] = reader.ReadInt64();
        }

        if (type != like.dtype || !shape.AsSpan().SequenceEqual(like.shape))
        {
            throw refuse();
        }

        byte[] bytes = reader.ReadBytes(checked((int)(like.numel() * like.element_size())));
        return bytes.Length == like.numel() * like.element_size() ? bytes : throw new EndOfStreamException();
    }

    private static void Fill(Tensor to, byte[] bytes)
    {
        using IDisposable noGradient = torch.no_grad();
        using Tensor near = torch.empty(to.shape, to.dtype);
        bytes.CopyTo(near.bytes);
        to.copy_(near);
    }

    private static global::TorchSharp.Modules.OptimizerHelper Helper(torch.optim.Optimizer optimizer) =>
        optimizer as global::TorchSharp.Modules.OptimizerHelper
        ?? throw new ArgumentException($"A {optimizer.GetType().Name} cannot be saved; take one of torch.optim.", nameof(optimizer));

    private static InvalidDataException Foreign(string path, string reason) =>
        new($"{path}: this checkpoint was written from another model: {reason}. Prepare the same model with the same options.");
}
