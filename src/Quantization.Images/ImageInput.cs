using System.Globalization;
using Quantization.Onnx;
using Quantization.Onnx.Protos;

namespace Quantization.Images;

/// <summary>What a model's input says of the images that it takes.</summary>
internal static class ImageInput
{
    private const int Grey = 1, Colour = 3;

    /// <summary>Fills in what the options leave to the model, and refuses what contradicts it.</summary>
    /// <exception cref="FileNotFoundException">There is no such model.</exception>
    /// <exception cref="OnnxModelException">
    /// The model cannot be read, takes no images, leaves open what the options do not tell, or takes other images than they tell.
    /// </exception>
    public static ImageOptions Complete(string modelPath, ImageOptions options)
    {
        ModelProto model = ModelFile.Load(modelPath).Model;
        HashSet<string> initializers = [.. model.Graph.Initializer.Select(tensor => tensor.Name)];
        ValueInfoProto[] inputs = [.. model.Graph.Input.Where(each => !initializers.Contains(each.Name))];
        if (inputs is not [{ } input])
        {
            throw new OnnxModelException(modelPath, $"the model takes {inputs.Length.ToString(CultureInfo.InvariantCulture)} inputs, but "
                + "images are samples for one; write samples as .npz with an array for each input.");
        }

        TypeProto.Types.Tensor? type = input.Type?.TensorType;
        if (type is null || type.ElemType != (int)TensorProto.Types.DataType.Float)
        {
            throw new OnnxModelException(
                modelPath,
                $"input '{input.Name}' does not take 32-bit floats, which images are turned into; write samples as .npy of its type.");
        }

        // A length of 0 stands for a free one.
        long[] shape = [.. type.Shape?.Dim.Select(dimension => dimension.DimValue) ?? []];
        string text = $"[{string.Join(", ", shape.Select(length => length > 0 ? length.ToString(CultureInfo.InvariantCulture) : "?"))}]";
        if (shape.Length != 4)
        {
            throw new OnnxModelException(modelPath, $"input '{input.Name}' has shape {text}, but images need one of four axes, [N, C, H, "
                + "W] or [N, H, W, C]; write samples as .npy of its shape.");
        }

        ImageLayout layout = options.Layout ?? (!IsChannels(shape[1]) && IsChannels(shape[3]) ? ImageLayout.Nhwc : ImageLayout.Nchw);
        (long channels, long height, long width) = layout == ImageLayout.Nchw
            ? (shape[1], shape[2], shape[3])
            : (shape[3], shape[1], shape[2]);
        ImageChannels order = options.Channels ?? (channels == Grey ? ImageChannels.Grey : ImageChannels.Rgb);
        if (channels > 0 && channels != (order == ImageChannels.Grey ? Grey : Colour))
        {
            throw new OnnxModelException(modelPath, string.Create(
                CultureInfo.InvariantCulture, $"input '{input.Name}' of shape {text} takes {channels} channels as {layout}, but {order} "
                    + $"images have {(order == ImageChannels.Grey ? Grey : Colour)}; choose other channels or another layout."));
        }

        return options with
        {
            Width = Side(options.Width, width, "width"),
            Height = Side(options.Height, height, "height"),
            Channels = order,
            Layout = layout,
        };

        int Side(int? wanted, long fixedLength, string name) =>
            wanted is null && fixedLength <= 0
                ? throw OnnxModelException.With(modelPath, ImageAdvice.SizeOpen(modelPath, input.Name, text, name))
            : wanted is { } length && fixedLength > 0 && fixedLength != length
                ? throw new OnnxModelException(modelPath, string.Create(CultureInfo.InvariantCulture, $"input '{input.Name}' of shape "
                    + $"{text} takes images of {name} {fixedLength}, not {length}; leave the size to the model."))
            : wanted ?? checked((int)fixedLength);
    }

    private static bool IsChannels(long length) => length is Grey or Colour;
}
