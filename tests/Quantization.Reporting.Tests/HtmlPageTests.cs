using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Quantization.Onnx;
using Quantization.Onnx.Tests;

namespace Quantization.Reporting.Tests;

public sealed partial class HtmlPageTests : IDisposable
{
    /// <summary>Looks at the finished page from inside, and leaves what it saw in it.</summary>
    private const string Probe = """
        <script>
        const errors = [];
        addEventListener('error', e => errors.push(e.message));
        addEventListener('securitypolicyviolation', e => errors.push(e.blockedURI));
        addEventListener('load', () => {
          const boxes = [...document.querySelectorAll('svg')].map(svg => {
            const box = svg.getBoundingClientRect(), drawn = svg.getBBox(), shapes = svg.querySelectorAll('path, rect, circle, polygon').length;
            return { width: box.width, height: box.height, drawn: drawn.width * drawn.height, shapes, ink: getComputedStyle(svg.querySelector('text')).fill };
          });
          const table = [...document.querySelectorAll('table')].find(each => each.tBodies[0].rows.length > 5);
          const heading = [...table.tHead.rows[0].cells].findIndex(cell => cell.classList.contains('sortable'));
          const order = () => [...table.tBodies[0].rows].map(row => row.cells[heading].textContent);
          const unsorted = order();
          table.tHead.rows[0].cells[heading].click();
          const sorted = order();
          const probe = document.createElement('pre');
          probe.id = 'probe';
          probe.textContent = JSON.stringify({
            errors, boxes, isSorted: heading === 0 && sorted.length === unsorted.length && sorted.every((each, i) => i === 0 || parseFloat(sorted[i - 1]) <= parseFloat(each)),
            requests: performance.getEntriesByType('resource').map(entry => entry.name),
            images: [...document.images].map(image => image.naturalWidth),
            overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
            paper: getComputedStyle(document.body).backgroundColor
          });
          document.body.append(probe);
        });
        </script>
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1200)]
    [InlineData(500)]
    public void In_a_browser_every_picture_shows_nothing_is_loaded_and_no_error_occurs(int width) =>
        ShowsInBrowser(ExampleReport.Report, 3, width);

    [Theory]
    [InlineData(1200)]
    [InlineData(500)]
    public void In_a_browser_every_picture_of_a_partial_quantization_shows_too(int width) =>
        ShowsInBrowser(ExamplePartialReport.Report, 5, width);

    [Fact]
    public void Hundreds_of_layers_with_long_names_show_too()
    {
        ReportPartial partial = ExamplePartialReport.Report.Partial!;
        ReportPartialLayer[] layers = [.. Enumerable.Range(0, 300)
            .Select(i => partial.Layers[i % partial.Layers.Count] with { Node = $"/backbone/stage{i}/{new string('n', 120)}/conv" })];

        ShowsInBrowser(ExamplePartialReport.Report with { Partial = partial with { Layers = layers } }, 5, 500);
    }

    [Fact]
    public void The_page_allows_itself_just_its_own_script_and_names_nothing_to_load()
    {
        string html = ExampleReport.Report.ToHtml();

        string script = Scripts().Matches(html).Should().ContainSingle().Which.Groups[1].Value;
        string hash = Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(script)));
        html.Should().Contain($"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{hash}'\"");
        html.Should().NotContain("javascript:")
            .And.NotContain("@import").And.NotContain(" src=").And.NotContain("href=\"http").And.NotContain(" onclick");
        LoadedByUrl().Matches(html).Select(match => match.Groups[1].Value).Should().OnlyContain(target => target.StartsWith('#'));
        html.Should().Contain("prefers-color-scheme: dark").And.Contain("@media print").And.Contain("width=device-width");
        StandIns().IsMatch(html).Should().BeFalse("every colour follows the style sheet");
        StandIns().IsMatch(ExamplePartialReport.Report.ToHtml()).Should().BeFalse("every colour follows the style sheet");
    }

    [Fact]
    public void The_verdict_and_the_command_to_run_next_come_first_and_contents_lead_to_every_section()
    {
        string html =
            (ExampleReport.Report with { Verdict = ReportVerdict.Lossy, NextCommand = "quantize partial m.onnx --data 'my <samples>'" })
                .ToHtml();

        string[] inOrder =
        [
            "<h1>", "class=\"headline\"", "quantize partial m.onnx --data &#39;my &lt;samples&gt;&#39;", "class=\"tiles\"", "<nav",
            "In plain words", "<table"
        ];
        inOrder.Select(text => html.IndexOf(text, StringComparison.Ordinal)).Should()
            .BeInAscendingOrder().And.OnlyContain(index => index > 0);
        string[] sections = [.. Sections().Matches(html).Select(match => match.Groups[1].Value)];
        sections.Should().HaveCountGreaterThan(5);
        Links().Matches(html).Select(match => match.Groups[1].Value).Should().Equal(sections);
    }

    [Fact]
    public void The_layers_that_lose_most_come_first()
    {
        QuantizationReport report = ExampleReport.Report;
        string html = report.ToHtml().Replace("<wbr>", "", StringComparison.Ordinal);
        string table = html[html.IndexOf("Share of the noise</th>", StringComparison.Ordinal)..];

        int[] places = [.. report.Layers.Where(layer => layer.NoiseShare is not null).OrderByDescending(layer => layer.NoiseShare)
            .Select(layer => table.IndexOf($"<td>{System.Net.WebUtility.HtmlEncode(layer.Node)}</td>", StringComparison.Ordinal))];
        places.Should().BeInAscendingOrder().And.OnlyContain(place => place > 0);
    }

    [Fact]
    public void Refinements_and_the_worst_activation_stand_in_the_page_and_in_json()
    {
        Refinement refinement = new(42, 0.04, 0.01)
        {
            ScaledConvolutions = 3,
            CorrectedBiases = 18,
            FloatActivations = ["stem/relu"],
            CostliestActivations = [new ActivationCost(["stem/relu"], 0.86, 0.18), new ActivationCost(["b1/add", "b1/relu"], 0.05, 0.02)],
            IntegerShare = 0.82,
        };
        QuantizationReport report = ExampleReport.Report with { Refinement = refinement };

        string html = report.ToHtml().Replace("<wbr>", "", StringComparison.Ordinal);

        html.Should().Contain("went from 4.00 % to 1.00 % of the signal")
            .And.Contain("Convolutions whose channels were scaled").And.Contain("b1/add and 1 beside it")
            .And.Contain("82.00 % of the multiply-accumulates stay on integers").And.NotContain("columns were scaled");
        QuantizationReport.FromJson(report.ToJson()).Refinement.Should().BeEquivalentTo(refinement);
        (report with { Refinement = null }).ToHtml().Should().NotContain("Improvements");
    }

    [Fact]
    public void Sections_without_anything_to_show_are_left_out()
    {
        QuantizationReport report = ExampleReport.Report with
        {
            Layers = [],
            Tensors = [],
            Trials = [],
            Refinement = null,
            FloatNodes = new Dictionary<string, string>(),
            Settings = new Dictionary<string, string>(),
        };

        Links().Matches(report.ToHtml()).Should().HaveCount(3, "words, what runs in int8, and versions are left");
    }

    [Fact]
    public void Names_inside_pictures_do_not_clash()
    {
        foreach (QuantizationReport report in (QuantizationReport[])[ExampleReport.Report, ExamplePartialReport.Report])
        {
            MatchCollection ids = Identifiers().Matches(report.ToHtml());

            ids.Should().NotBeEmpty();
            ids.Select(match => match.Groups[1].Value).Should().OnlyHaveUniqueItems();
        }
    }

    [Fact]
    public void Names_from_the_model_are_text_not_markup()
    {
        const string Hostile = "<img src=x onerror=alert(1)> & \"quotes\"";
        ReportPartial partial = ExamplePartialReport.Report.Partial!;
        QuantizationReport report = ExampleReport.Report with
        {
            Model = Hostile,
            Layers = [ExampleReport.Report.Layers[0] with { Node = Hostile }],
            Tensors = [ExampleReport.Report.Tensors[0] with { Name = Hostile }],
            FloatNodes = new Dictionary<string, string> { [Hostile] = Hostile },
            Partial = partial with
            {
                Layers =
                    [partial.Layers[0] with { Node = Hostile, Steps = [Hostile], State = ReportLayerState.Relieved, Reason = Hostile }],
                Rankings = [partial.Rankings[0] with { Name = Hostile, MostSensitive = Hostile }],
                Written = partial.Written with { FloatLayers = [Hostile] },
            },
        };

        report.ToHtml().Should().NotContain("<img").And.Contain("&lt;img src=x");
    }

    [Fact]
    public void The_culture_changes_nothing()
    {
        string expected = ExampleReport.Report.ToHtml();
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(before.Name == "de-DE" ? "en-US" : "de-DE");

            ExampleReport.Report.ToHtml().Should().Be(expected);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void The_page_shows_the_facts()
    {
        QuantizationReport report = ExampleReport.Report;
        string html = report.ToHtml();

        html.Should().Contain(Figure.Percent(report.Quantized.Top1))
            .And.Contain(Figure.Percent(report.Float.Top1)).And.Contain(Figure.Bytes(report.Quantized.Bytes)).And.Contain("QLinearConv");
        foreach (string name in report.Tensors.Select(tensor => tensor.Name).Concat(report.Layers.Select(layer => layer.Node))
            .Append(report.Baseline!.Name).Append(report.Trials.Single(trial => trial.IsBest).Name))
        {
            html.Should().Contain(System.Net.WebUtility.HtmlEncode(name));
        }
    }

    private void ShowsInBrowser(QuantizationReport report, int pictures, int width)
    {
        string html = report.ToHtml();

        // The page allows itself one script; the copy that is looked at has to allow the one that looks too.
        string probed = ScriptPolicy()
            .Replace(html, "script-src 'unsafe-inline'").Replace("</head>", $"{Probe}</head>", StringComparison.Ordinal);
        string page = _folder.Write("report.html", System.Text.Encoding.UTF8.GetBytes(probed));
        string dom = Chromium.DumpDom(page, width);

        JsonElement seen = JsonDocument.Parse(System.Net.WebUtility.HtmlDecode(ProbeResult().Match(dom).Groups[1].Value)).RootElement;
        seen.GetProperty("errors").GetArrayLength().Should().Be(0, seen.GetProperty("errors").ToString());
        seen.GetProperty("requests").GetArrayLength().Should().Be(0, seen.GetProperty("requests").ToString());
        seen.GetProperty("isSorted").GetBoolean().Should().BeTrue("a click on a heading sorts its table");
        seen.GetProperty("images").EnumerateArray().Where(image => image.GetInt32() == 0).Should().BeEmpty();
        seen.GetProperty("overflow").GetInt32().Should().BeLessThanOrEqualTo(0, "the page must not scroll sideways");
        JsonElement[] boxes = [.. seen.GetProperty("boxes").EnumerateArray()];
        boxes.Should().HaveCount(report.Tensors.Count + pictures);
        boxes.Should().OnlyContain(box => box.GetProperty("width").GetDouble() > 200 && box.GetProperty("height").GetDouble() > 80
            && box.GetProperty("drawn").GetDouble() > 10000 && box.GetProperty("shapes").GetInt32() > 3);
        boxes.Should().OnlyContain(box => box.GetProperty("ink").GetString() != seen.GetProperty("paper").GetString());
    }

    [GeneratedRegex("<pre id=\"probe\">(.*?)</pre>", RegexOptions.Singleline)]
    private static partial Regex ProbeResult();

    [GeneratedRegex(@"(?:url\(|href="")([^)""]*)")]
    private static partial Regex LoadedByUrl();

    [GeneratedRegex("script-src '[^']*'")]
    private static partial Regex ScriptPolicy();

    [GeneratedRegex("<script>(.*?)</script>", RegexOptions.Singleline)]
    private static partial Regex Scripts();

    [GeneratedRegex("<h2 id=\"([^\"]*)\"")]
    private static partial Regex Sections();

    [GeneratedRegex("<a href=\"#([^\"]*)\"")]
    private static partial Regex Links();

    [GeneratedRegex("#010A0[0-9]", RegexOptions.IgnoreCase)]
    private static partial Regex StandIns();

    [GeneratedRegex(" id=\"([^\"]*)\"")]
    private static partial Regex Identifiers();
}
