using CsCheck;

namespace Quantization.Tests.Distances;

public class NearestRowsTests
{
    [Fact]
    public void The_nearest_rows_are_those_of_a_sort_in_any_order_of_blocks()
    {
        Gen.Select(Gen.Int[1, 40], Gen.Int[0, 500], Gen.Int[1, 30], Gen.Int).Sample((capacity, rows, values, seed) =>
        {
            Random random = new(seed);
            int[] distances = [.. Enumerable.Range(0, rows).Select(_ => random.Next(values))];
            int cut = random.Next(rows + 1);
            NearestRows<int> nearest = new(capacity);
            nearest.Add(distances.AsSpan(cut), cut);
            nearest.Add(distances.AsSpan(0, cut), 0);
            (int, int)[] expected = [.. distances.Select((distance, row) => (row, distance)).OrderBy(each => each.distance)
                .ThenBy(each => each.row).Take(capacity)];
            return nearest.ToArray().SequenceEqual(expected) && nearest.Count == expected.Length;
        });
    }

    [Fact]
    public void Rows_that_are_not_accepted_leave_their_places_to_others()
    {
        float[] distances = [.. Enumerable.Range(0, 200).Select(row => (float)row)];
        NearestRows<float> nearest = new(3);
        nearest.Add(distances, 1000, row => row % 50 == 7);
        nearest.ToArray().Should().Equal((1007, 7f), (1057, 57f), (1107, 107f));
    }

    [Fact]
    public void Rows_without_a_distance_are_never_kept()
    {
        NearestRows<float> nearest = new(2);
        nearest.Add([float.NaN, 5, float.NaN, float.PositiveInfinity, 4, float.NaN, 3, float.NaN, float.NaN, float.NaN], 0);
        nearest.Add(float.NaN, 11);
        nearest.ToArray().Should().Equal((6, 3f), (4, 4f));
    }

    [Fact]
    public void There_is_room_for_at_least_one_row() =>
        FluentActions.Invoking(() => new NearestRows<int>(0)).Should().Throw<ArgumentOutOfRangeException>().WithParameterName("capacity");
}
