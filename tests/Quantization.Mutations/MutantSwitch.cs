namespace Quantization.Mutations;

/// <summary>The class that is compiled into the changed project.</summary>
internal static class MutantSwitch
{
    /// <summary>The variable that names the mutant of a run.</summary>
    public const string Variable = "QUANTIZATION_MUTANT";

    /// <summary>The variable that names the folder where a process writes which mutants it reached.</summary>
    public const string ReachedVariable = "QUANTIZATION_MUTANTS_REACHED";

    /// <summary>Its source. The fields are read once, so that compiled code asks nothing in hot loops.</summary>
    public const string Source = """
        #nullable enable
        internal static class QuantizationMutant
        {
            private static readonly int Active = int.TryParse(System.Environment.GetEnvironmentVariable("QUANTIZATION_MUTANT"), out int active) ? active : 0;
            private static readonly string? Folder = System.Environment.GetEnvironmentVariable("QUANTIZATION_MUTANTS_REACHED");
            private static readonly bool[]? Reached = Start();

            public static bool Is(int number)
            {
                if (Reached is not null)
                {
                    Reached[number] = true;
                }

                return Active == number;
            }

            private static bool[]? Start()
            {
                if (Folder is null)
                {
                    return null;
                }

                bool[] reached = new bool[100000];
                System.AppDomain.CurrentDomain.ProcessExit += (_, _) => System.IO.File.WriteAllLines(
                    System.IO.Path.Combine(Folder, System.Environment.ProcessId + ".txt"),
                    System.Linq.Enumerable.Select(System.Linq.Enumerable.Where(System.Linq.Enumerable.Range(0, reached.Length), i => reached[i]), i => i.ToString(System.Globalization.CultureInfo.InvariantCulture)));
                return reached;
            }
        }
        """;
}
