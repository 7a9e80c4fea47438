using Quantization.Onnx;

namespace Quantization.Tool;

/// <summary>
/// The columns of figures that the tables of all commands share, so that the same models show the same figures in every command.
/// </summary>
internal sealed class FigureColumns
{
    private readonly List<(string Title, Func<ModelFigures, MetricFigure?> Find)> _columns = [];
    private readonly ModelMetric[] _further;

    /// <param name="floatModel">The float model's figures.</param>
    /// <param name="metric">What models were ranked by; null where there was no choice.</param>
    /// <param name="further">The float model's figures of other metrics than the library's own for all models; null for none.</param>
    public FigureColumns(ModelFigures floatModel, ModelMetric? metric = null, IReadOnlyList<MetricFigure>? further = null)
    {
        _further = [.. further?.Select(figure => figure.Metric) ?? []];
        bool isEmbedding = _further.Append(metric).Any(each => each?.Embeddings is not null); // its largest component tells nothing
        Add(floatModel.Top1 is not null, "Top-1", figures => figures.Top1);
        Add(floatModel.Perplexity is not null, "Perplexity", figures => figures.Perplexity);
        Add(!isEmbedding, "Agreement", figures => figures.Agreement);
        Add(true, "SQNR", figures => figures.SignalToNoise);
        Add(metric == ModelMetric.Cosine, "Cosine", figures => figures.Cosine);
        Add(
            metric == ModelMetric.KullbackLeibler || floatModel.Perplexity is not null,
            "KL divergence",
            figures => figures.KullbackLeibler);
        OfFloat =
        [
            .. further?.Select(Figures.Metric) ?? [],
            .. Find(floatModel).Select(figure => figure?.Metric.IsOfOneModel == true ? Figures.Metric(figure) : Figures.None),
        ];
    }

    /// <summary>The titles.</summary>
    public IEnumerable<string> Titles =>
        _further.Select(metric => $"{char.ToUpperInvariant(metric.Name[0])}{metric.Name[1..]}")
            .Concat(_columns.Select(column => column.Title));

    /// <summary>The float model's cells: it is what all but accuracy and perplexity compare with, so these are left open.</summary>
    public IReadOnlyList<string> OfFloat { get; }

    /// <summary>The cells of another model.</summary>
    /// <param name="figures">Its figures of the library's own metrics for all models.</param>
    /// <param name="further">Its figures of other metrics, in the order of the float model's.</param>
    public IEnumerable<string> Of(ModelFigures figures, params IEnumerable<MetricFigure> further) =>
        further.Take(_further.Length).Select(Figures.Metric).Concat(Find(figures).Select(Figures.Metric));

    private IEnumerable<MetricFigure?> Find(ModelFigures figures) => _columns.Select(column => column.Find(figures));

    private void Add(bool isShown, string title, Func<ModelFigures, MetricFigure?> find)
    {
        if (isShown)
        {
            _columns.Add((title, find));
        }
    }
}
