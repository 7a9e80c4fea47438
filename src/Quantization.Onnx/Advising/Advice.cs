using System.Text.Json.Serialization;

namespace Quantization.Onnx;

/// <summary>
/// Something that the user should know, as data: a code, and arguments by their names. <see cref="Message"/> says it to C# programmers.
/// Other
/// interfaces say it in words of their own, made from <see cref="Code"/> and <see cref="Arguments"/>. Immutable and compared by value.
/// </summary>
[JsonConverter(typeof(AdviceJsonConverter))]
public sealed class Advice : IEquatable<Advice>
{
    /// <summary>Where an exception carries its advice.</summary>
    private const string DataKey = "Quantization.Advice";

    /// <param name="code">What it is about.</param>
    /// <param name="arguments">The arguments; those that are null are left out.</param>
    internal Advice(AdviceCode code, params IEnumerable<(string Name, object? Value)> arguments)
    {
        Code = code;
        Arguments = ValueDictionary<string, object>.Of(
            arguments.Where(each => each.Value is not null).Select(each => KeyValuePair.Create(each.Name, ToArgument(each.Value!))),
            nameof(arguments));
    }

    /// <summary>What it is about.</summary>
    public AdviceCode Code { get; }

    /// <summary>
    /// The arguments, by name in camel case; <see cref="AdviceCode"/> lists those of each code. A value is a <see cref="string"/>, a
    /// <see cref="long"/>, a <see cref="double"/>, a <see cref="bool"/> or an <c>IReadOnlyList&lt;string&gt;</c>; those that are not known
    /// are left
    /// out.
    /// </summary>
    public IReadOnlyDictionary<string, object> Arguments { get; }

    /// <summary>The advice in English, for C# programmers: it names the members that help.</summary>
    public string Message => CSharpWords.Instance.Render(this);

    /// <summary>The advice that an exception of this library carries; null where it carries none.</summary>
    public static Advice? Of(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return exception.Data[DataKey] as Advice;
    }

    /// <summary>The same as <see cref="Message"/>.</summary>
    public override string ToString() => Message;

    /// <summary>Compares code and arguments.</summary>
    public bool Equals(Advice? other) =>
        other is not null && Code == other.Code && Arguments.Count == other.Arguments.Count
        && Arguments.All(each => other.Arguments.TryGetValue(each.Key, out object? value) && AreEqual(each.Value, value));

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as Advice);

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(Code, Arguments.Count);

    /// <summary>Makes an exception carry this advice.</summary>
    internal T On<T>(T exception)
        where T : Exception
    {
        exception.Data[DataKey] = this;
        return exception;
    }

    /// <summary>A text argument.</summary>
    internal string Text(string name) => (string)Arguments[name];

    /// <summary>A text argument; null where it is not known.</summary>
    internal string? FindText(string name) => Arguments.GetValueOrDefault(name) as string;

    /// <summary>A count.</summary>
    internal long Count(string name) => (long)Arguments[name];

    /// <summary>A count; null where it is not known.</summary>
    internal long? FindCount(string name) => Arguments.GetValueOrDefault(name) as long?;

    /// <summary>A number.</summary>
    internal double Number(string name) => (double)Arguments[name];

    /// <summary>A number; null where it is not known.</summary>
    internal double? FindNumber(string name) => Arguments.GetValueOrDefault(name) as double?;

    /// <summary>Whether something is so.</summary>
    internal bool Flag(string name) => (bool)Arguments[name];

    /// <summary>Names.</summary>
    internal IReadOnlyList<string> Names(string name) => (IReadOnlyList<string>)Arguments[name];

    /// <summary>One of an enumeration's values.</summary>
    internal T Choice<T>(string name)
        where T : struct, Enum => Enum.Parse<T>(Text(name));

    private static bool AreEqual(object left, object right) => left is IReadOnlyList<string> names
        ? right is IReadOnlyList<string> others && names.SequenceEqual(others)
        : left.Equals(right);

    private static object ToArgument(object value) => value switch
    {
        int count => (long)count,
        float number => (double)number,
        TimeSpan time => time.TotalMilliseconds,
        Enum choice => choice.ToString(),
        string or long or double or bool => value,
        IEnumerable<string> names => ValueList<string>.Of(names, nameof(value)),
        _ => throw new ArgumentException($"An advice has no arguments of type {value.GetType().Name}.", nameof(value)),
    };
}
