namespace Quantization.Mutations;

/// <summary>What of a class of tests reaches a mutant.</summary>
/// <param name="Class">The class.</param>
/// <param name="Filters">The methods, as the test program is told them.</param>
/// <param name="Variable">The variable that is 0 while they run.</param>
/// <param name="Duration">How long they take, as told by the class as a whole.</param>
internal sealed record TestPart(string Class, string[] Filters, string? Variable, TimeSpan Duration)
{
    /// <summary>How many letters the class and a file start with in common, where these are most of the file's name; 0 otherwise.</summary>
    public int CommonLetters(string file)
    {
        string name = Class.Split('.')[^1];
        int common = file.Zip(name).TakeWhile(pair => pair.First == pair.Second).Count();
        return common * 2 > file.Length ? common : 0;
    }
}
