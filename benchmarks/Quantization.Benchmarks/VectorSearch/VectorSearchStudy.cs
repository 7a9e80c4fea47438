using System.Diagnostics;
using Quantization.Extensions.AI;

namespace Quantization.Benchmarks.VectorSearch;

/// <summary>
/// Recall, bytes and time of the vector store against a search on floats by TensorPrimitives, one thread, in one run: each query is asked
/// of all three in turn. The figures of docs/studies/vector-store.md.
/// </summary>
internal static class VectorSearchStudy
{
    public static int Run(string[] arguments)
    {
        Console.WriteLine("| vectors | search | bytes, of float's | scanned, of float's | recall@10 | ms a query | times faster |");
        Console.WriteLine("|---|---|---:|---:|---:|---:|---:|");
        if (!arguments.Contains("clustered"))
        {
            Report(VectorSet.Sentences(20_000, 500), rounds: 3);
        }

        if (!arguments.Contains("sentences"))
        {
            Report(VectorSet.Clustered(1_000_000, 500), rounds: 1);
        }

        return 0;
    }

    private static void Report(VectorSet set, int rounds)
    {
        using SearchContest contest = SearchContest.Over(set);
        Func<float[], int[]>[] searches =
        [
            contest.SearchFloats,
            query => SearchContest.Search(contest.Int8, query),
            query => SearchContest.Search(contest.Binary, query),
        ];
        List<double>[] times = [[], [], []];
        double[] recall = new double[3];
        for (int round = 0; round <= rounds; round++)
        {
            foreach (float[] query in set.Queries)
            {
                int[][] found = new int[3][];
                for (int i = 0; i < 3; i++)
                {
                    long start = Stopwatch.GetTimestamp();
                    found[i] = searches[i](query);
                    times[i].Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                    recall[i] +=
                        found[i].Intersect(found[0]).Count() / (double)SearchContest.Neighbours / set.Queries.Length / (rounds + 1);
                }
            }

            if (round == 0)
            {
                // The first round loads code and pages.
                Array.ForEach(times, list => list.Clear());
            }
        }

        double[] medians = [.. times.Select(list => list.Order().ElementAt(list.Count / 2))];
        double floatBytes = (double)set.Count * VectorSet.Dimensions * sizeof(float);
        Print(set.Name, "float, TensorPrimitives", 1, 1, recall[0], medians[0], 1);
        PrintCollection("int8", contest.Int8, 1);
        PrintCollection("bits, then int8", contest.Binary, 2);

        void PrintCollection(string search, QuantizedCollection<int, StoredVector> collection, int i) => Print(
            set.Name,
            search,
            collection.VectorBytes / floatBytes,
            collection.ScannedBytes / floatBytes,
            recall[i],
            medians[i],
            medians[0] / medians[i]);
    }

    private static void Print(string set, string search, double bytes, double scanned, double recall, double time, double faster) =>
        Console.WriteLine(FormattableString.Invariant(
            $"| {set} | {search} | {bytes:0.000} | {scanned:0.000} | {recall:0.0000} | {time:0.000} | {faster:0.0} |"));
}
