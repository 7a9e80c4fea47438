using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Quantization.Onnx;

namespace Quantization.Reporting;

/// <summary>
/// All that is known of a quantized model, ready to be looked at as a page or read by programs as JSON. Immutable; safe to share between
/// threads.
/// </summary>
[SuppressMessage(
    "ApiDesign",
    "RS0026:Do not add multiple overloads with optional parameters",
    Justification = "The overloads differ in the types of required parameters, so no call is ambiguous.")]
public sealed record QuantizationReport
{
    /// <summary>The version of the JSON form: it grows when a property changes its meaning or disappears, not when one is added.</summary>
    public const int CurrentSchemaVersion = 1;

    /// <summary>The version of the JSON form that this report was read from; <see cref="CurrentSchemaVersion"/> of a new one.</summary>
    public int SchemaVersion { get; init; } = CurrentSchemaVersion;

    /// <summary>The verdict on the quantized model in one word.</summary>
    public ReportVerdict Verdict { get; init; }

    /// <summary>The command or call to run next, ready to copy; null where none is needed or known.</summary>
    public string? NextCommand { get; init; }

    /// <summary>The model's file name.</summary>
    public required string Model { get; init; }

    /// <summary>The SHA-256 of the float model's file.</summary>
    public required string ModelSha256 { get; init; }

    /// <summary>When the report was made.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>Which samples did what.</summary>
    public required ReportData Data { get; init; }

    /// <summary>What models were ranked by; null where just one was made.</summary>
    public required string? Metric { get; init; }

    /// <summary>The unit of the metric's figures.</summary>
    public MetricUnit Unit { get; init; }

    /// <summary>Whether a larger figure of the metric is a better one.</summary>
    public required bool LargerIsBetter { get; init; }

    /// <summary>Why the quantized model won; null where there was no search.</summary>
    public required Advice? Reason { get; init; }

    /// <summary>The float model.</summary>
    public required ReportModel Float { get; init; }

    /// <summary>The quantized model.</summary>
    public required ReportModel Quantized { get; init; }

    /// <summary>
    /// Plain post-training quantization, for comparison, after a search; the model with all layers quantized, after partial quantization;
    /// otherwise null.
    /// </summary>
    public required ReportModel? Baseline { get; init; }

    /// <summary>Every model that was tried; empty where there was no search.</summary>
    public required IReadOnlyList<ReportTrial> Trials
    {
        get;
        init => field = ValueList<ReportTrial>.Of(value, nameof(Trials));
    }

    /// <summary>How only the layers that lose most were kept in float (mixed precision); null for other ways.</summary>
    public required ReportPartial? Partial { get; init; }

    /// <summary>The layers in the order in which they run.</summary>
    public required IReadOnlyList<ReportLayer> Layers
    {
        get;
        init => field = ValueList<ReportLayer>.Of(value, nameof(Layers));
    }

    /// <summary>What became of each matrix whose weights are codes in blocks; empty where there is none.</summary>
    public IReadOnlyList<RoundedLayer> RoundedLayers
    {
        get;
        init => field = ValueList<RoundedLayer>.Of(value, nameof(RoundedLayers));
    } = [];

    /// <summary>What was improved of the plan by what samples showed; null where nothing was tried.</summary>
    public Refinement? Refinement { get; init; }

    /// <summary>How many tokens a second both models read and write; null where that was not measured.</summary>
    public TokenSpeedComparison? TokenSpeed { get; init; }

    /// <summary>The activations that have a range of their own, by name.</summary>
    public required IReadOnlyList<ReportTensor> Tensors
    {
        get;
        init => field = ValueList<ReportTensor>.Of(value, nameof(Tensors));
    }

    /// <summary>The nodes that were quantized.</summary>
    public required IReadOnlyList<string> QuantizedNodes
    {
        get;
        init => field = ValueList<string>.Of(value, nameof(QuantizedNodes));
    }

    /// <summary>
    /// The Conv, ConvTranspose, Gemm and MatMul nodes that stay in float, and why; those inside of branches and loops too, and Gather nodes
    /// that look rows up in a table which could be quantized.
    /// </summary>
    public required IReadOnlyDictionary<string, string> FloatNodes
    {
        get;
        init => field = ValueDictionary<string, string>.Of(value, nameof(FloatNodes));
    }

    /// <summary>
    /// Softmax, GELU, LayerNorm, RMSNorm and rotary embeddings that stay in float, whether one operator computes them or several, and why,
    /// by the name of the node that makes their result.
    /// </summary>
    public IReadOnlyDictionary<string, string> FloatPatterns
    {
        get;
        init => field = ValueDictionary<string, string>.Of(value, nameof(FloatPatterns));
    } = ValueDictionary<string, string>.Empty;

    /// <summary>The nodes that ONNX Runtime runs on integers on this machine, counted by operator.</summary>
    public required IReadOnlyDictionary<string, int> Int8Operators
    {
        get;
        init => field = ValueDictionary<string, int>.Of(value, nameof(Int8Operators));
    }

    /// <summary>The conversions between floats and codes that are left.</summary>
    public required int Conversions { get; init; }

    /// <summary>Why each of them stayed.</summary>
    public required IReadOnlyList<string> ConversionReasons
    {
        get;
        init => field = ValueList<string>.Of(value, nameof(ConversionReasons));
    }

    /// <summary>What the user should know before using the model; usually nothing.</summary>
    public required IReadOnlyList<Advice> Warnings
    {
        get;
        init => field = ValueList<Advice>.Of(value, nameof(Warnings));
    }

    /// <summary>How the model was quantized.</summary>
    public required IReadOnlyDictionary<string, string> Settings
    {
        get;
        init => field = ValueDictionary<string, string>.Of(value, nameof(Settings));
    }

    /// <summary>What it was done with.</summary>
    public required IReadOnlyDictionary<string, string> Versions
    {
        get;
        init => field = ValueDictionary<string, string>.Of(value, nameof(Versions));
    }

    /// <summary>What came out, which layer loses most and what to try next.</summary>
    public required IReadOnlyList<Advice> Advice
    {
        get;
        init => field = ValueList<Advice>.Of(value, nameof(Advice));
    }

    /// <summary>Whether the model is int8 with ranges from samples, which partial quantization can go on from.</summary>
    [JsonIgnore]
    internal bool IsStaticInt8 { get; init; }

    /// <summary>Gathers the facts of a search.</summary>
    /// <param name="modelPath">The float model.</param>
    /// <param name="search">What the search found.</param>
    /// <param name="evaluation">
    /// The float model beside the best one, for times and sizes; further candidates are not looked at. Null where it was not measured.
    /// </param>
    /// <param name="layers">The layers of the best model, from <see cref="LayerComparer"/>; empty where they were not compared.</param>
    /// <param name="context">What the results do not tell, such as how samples were prepared; null for nothing.</param>
    public static QuantizationReport Create(
        string modelPath, SearchResult search, EvaluationResult? evaluation, IReadOnlyList<LayerNoise> layers,
        ReportContext? context = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(modelPath);
        ArgumentNullException.ThrowIfNull(search);
        ArgumentNullException.ThrowIfNull(layers);
        return ReportBuilder.Build(modelPath, search, evaluation, layers, context ?? new ReportContext());
    }

    /// <summary>Gathers the facts of a partial quantization.</summary>
    /// <param name="modelPath">The float model.</param>
    /// <param name="partial">What it reached.</param>
    /// <param name="options">How it went about.</param>
    /// <param name="evaluation">
    /// The float model beside the one that was written, and, where it was measured too, the one with all layers quantized, for times. Null
    /// where times were not measured.
    /// </param>
    /// <param name="context">What the results do not tell, such as how samples were prepared; null for nothing.</param>
    public static QuantizationReport Create(
        string modelPath, PartialResult partial, PartialOptions options, EvaluationResult? evaluation, ReportContext? context = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(modelPath);
        ArgumentNullException.ThrowIfNull(partial);
        ArgumentNullException.ThrowIfNull(options);
        return ReportBuilder.Build(modelPath, partial, options, evaluation, context ?? new ReportContext());
    }

    /// <summary>Gathers the facts of a quantization without search.</summary>
    /// <param name="modelPath">The float model.</param>
    /// <param name="quantized">What became of it.</param>
    /// <param name="options">How it was quantized.</param>
    /// <param name="calibration">What calibration saw.</param>
    /// <param name="evaluation">The float model beside the quantized one; null where it was not measured.</param>
    /// <param name="layers">The layers, from <see cref="LayerComparer"/>; empty where they were not compared.</param>
    /// <param name="context">What the results do not tell, such as how samples were prepared; null for nothing.</param>
    public static QuantizationReport Create(
        string modelPath, PtqResult quantized, PtqOptions options, ModelCalibration calibration, EvaluationResult? evaluation,
        IReadOnlyList<LayerNoise> layers, ReportContext? context = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(modelPath);
        ArgumentNullException.ThrowIfNull(quantized);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(calibration);
        ArgumentNullException.ThrowIfNull(layers);
        return ReportBuilder.Build(modelPath, quantized, options, calibration, evaluation, layers, context ?? new ReportContext());
    }

    /// <summary>Gathers the facts of a quantization that took no samples.</summary>
    /// <param name="modelPath">The float model.</param>
    /// <param name="quantized">What became of it.</param>
    /// <param name="options">How it was quantized.</param>
    /// <param name="evaluation">The float model beside the quantized one; null where it was not measured.</param>
    /// <param name="layers">The layers, from <see cref="LayerComparer"/>; empty where they were not compared.</param>
    /// <param name="context">What the results do not tell, such as how samples were prepared; null for nothing.</param>
    public static QuantizationReport Create(
        string modelPath, PtqResult quantized, DataFreeOptions options, EvaluationResult? evaluation, IReadOnlyList<LayerNoise> layers,
        ReportContext? context = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(modelPath);
        ArgumentNullException.ThrowIfNull(quantized);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(layers);
        return ReportBuilder.Build(modelPath, quantized, options, evaluation, layers, context ?? new ReportContext());
    }

    /// <summary>The report as one HTML page without scripts: pictures and style are inside, and nothing is loaded from anywhere.</summary>
    /// <param name="render">Words advice and warnings; null, the default, for <see cref="Onnx.Advice.Message"/>.</param>
    public string ToHtml(Func<Advice, string>? render = null) => HtmlPage.Render(this, render ?? (advice => advice.Message));

    /// <summary>
    /// The facts as indented JSON, names in camel case; infinite ratios are the string <c>"Infinity"</c>. Advice and warnings are objects
    /// of a code,
    /// arguments and a message.
    /// </summary>
    /// <param name="render">Words the messages; null, the default, for <see cref="Onnx.Advice.Message"/>.</param>
    public string ToJson(Func<Advice, string>? render = null) =>
        JsonSerializer.Serialize(this, ReportJsonContext.For(render).QuantizationReport);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="JsonException">The text is no such report, or of a later version.</exception>
    public static QuantizationReport FromJson(string json)
    {
        QuantizationReport report = JsonSerializer.Deserialize(json, ReportJsonContext.Default.QuantizationReport)
            ?? throw new JsonException("The text is null, not a report.");
        return report.SchemaVersion <= CurrentSchemaVersion ? report : throw new JsonException(string.Create(
            CultureInfo.InvariantCulture,
            $"The report has version {report.SchemaVersion}, but this library reads versions up to "
                + $"{CurrentSchemaVersion}; use a newer library."));
    }

    /// <summary>Writes the page; the file appears whole or not at all.</summary>
    /// <param name="path">The file.</param>
    /// <param name="render">As <see cref="ToHtml"/> takes it.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void SaveHtml(string path, Func<Advice, string>? render = null) => Save(path, ToHtml(render));

    /// <summary>Writes the JSON; the file appears whole or not at all.</summary>
    /// <param name="path">The file.</param>
    /// <param name="render">As <see cref="ToJson"/> takes it.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void SaveJson(string path, Func<Advice, string>? render = null) => Save(path, ToJson(render));

    /// <summary>Whether a file is a page that <see cref="SaveHtml"/> wrote; false where there is none.</summary>
    internal static bool IsHtml(string path) => HtmlPage.IsOne(path);

    private static void Save(string path, string content)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using AtomicFile file = AtomicFile.Create(path);
        file.Commit(stream => stream.Write(Encoding.UTF8.GetBytes(content)));
    }
}
