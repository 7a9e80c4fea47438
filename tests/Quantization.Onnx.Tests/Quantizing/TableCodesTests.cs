using Google.Protobuf;
using Quantization.Onnx.Protos;

namespace Quantization.Onnx.Tests.Quantizing;

/// <summary>A matrix shares the codes of a table where it is the table's transpose in each code.</summary>
public sealed class TableCodesTests
{
    private const int Rows = 3, Columns = 2;

    [Fact]
    public void The_transpose_of_a_table_is_found_by_its_codes()
    {
        TableCodes tables = new();
        tables.Add(Tensor([9, 9, 9, 9, 9, 9], Rows, Columns), "other");
        tables.Add(Tensor([1, 2, 3, 4, 5, 6], Rows, Columns), "table");

        tables.FindTransposeOf(Tensor([1, 3, 5, 2, 4, 6], Columns, Rows)).Should().Be("table");
    }

    [Fact]
    public void One_other_code_anywhere_makes_it_another_matrix()
    {
        TableCodes tables = new();
        tables.Add(Tensor([1, 2, 3, 4, 5, 6], Rows, Columns), "table");
        for (int i = 0; i < Rows * Columns; i++)
        {
            byte[] codes = [1, 3, 5, 2, 4, 6];
            codes[i] = 7;

            tables.FindTransposeOf(Tensor(codes, Columns, Rows)).Should().BeNull($"code {i} differs");
        }
    }

    [Theory]
    [InlineData(new[] { 3, 2 })]
    [InlineData(new[] { 2, 2 })]
    [InlineData(new[] { 3, 3 })]
    [InlineData(new[] { 6 })]
    [InlineData(new[] { 1, 2, 3 })]
    public void A_tensor_of_another_shape_is_no_transpose(int[] shape)
    {
        TableCodes tables = new();
        tables.Add(Tensor(new byte[Rows * Columns], Rows, Columns), "table");

        tables.FindTransposeOf(Tensor(new byte[shape.Aggregate((product, length) => product * length)], shape)).Should().BeNull();
    }

    [Fact]
    public void Without_tables_there_is_none() => new TableCodes().FindTransposeOf(Tensor([1, 2], 1, 2)).Should().BeNull();

    private static TensorProto Tensor(byte[] codes, params int[] shape)
    {
        TensorProto tensor = new() { DataType = (int)TensorProto.Types.DataType.Uint8, RawData = ByteString.CopyFrom(codes) };
        tensor.Dims.Add(shape.Select(length => (long)length));
        return tensor;
    }
}
