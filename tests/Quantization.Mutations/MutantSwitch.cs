namespace Quantization.Mutations;

/// <summary>The class that is compiled into the changed project.</summary>
internal static class MutantSwitch
{
    /// <summary>The variable that names the mutant of a run.</summary>
    public const string Variable = "QUANTIZATION_MUTANT";

    /// <summary>The variable that names the folder where a process writes which mutants it reached.</summary>
    public const string ReachedVariable = "QUANTIZATION_MUTANTS_REACHED";

    /// <summary>The variable that, where it is set, makes a process write for each method of tests by itself what it reached.</summary>
    public const string MethodsVariable = "QUANTIZATION_MUTANTS_BY_METHOD";

    /// <summary>
    /// Its source. The fields are read once, so that compiled code asks nothing in hot loops. A process writes a line for each method: the
    /// method, a tab, and the numbers. What runs outside of a method, in what tests of a class share, stands in a line of the class.
    /// </summary>
    public const string Source = """
        #nullable enable
        internal static class QuantizationMutant
        {
            private static readonly int Active = int.TryParse(System.Environment.GetEnvironmentVariable("QUANTIZATION_MUTANT"), out int active) ? active : 0;
            private static readonly string? Folder = System.Environment.GetEnvironmentVariable("QUANTIZATION_MUTANTS_REACHED");
            private static readonly System.Collections.Concurrent.ConcurrentDictionary<string, bool[]> Reached = new();
            private static readonly bool[]? All = Start();
            private static readonly System.Func<object>? Context = FindContext();

            [System.ThreadStatic]
            private static object? _last;

            [System.ThreadStatic]
            private static bool[]? _lastReached;

            public static bool Is(int number)
            {
                if (All is not null)
                {
                    (Context is null ? All : OfTest(Context()))[number] = true;
                }

                return Active == number;
            }

            private static bool[] OfTest(object context)
            {
                if (_last != context)
                {
                    object? method = Get("Xunit.ITestContext", "TestMethod", context);
                    object? test = Get("Xunit.ITestContext", "TestClass", context);
                    string? name = test is null ? "" : Get("Xunit.Sdk.ITestClassMetadata", "TestClassName", test) as string;
                    name += method is null ? "" : "." + Get("Xunit.Sdk.ITestMethodMetadata", "MethodName", method);
                    _lastReached = Reached.GetOrAdd(name, _ => new bool[100000]);
                    _last = context;
                }

                return _lastReached!;
            }

            private static object? Get(string type, string property, object value) =>
                System.Array.Find(value.GetType().GetInterfaces(), each => each.FullName == type)?.GetProperty(property)?.GetValue(value);

            private static System.Func<object>? FindContext()
            {
                bool isWanted = System.Environment.GetEnvironmentVariable("QUANTIZATION_MUTANTS_BY_METHOD") is not null;
                System.Type? type = isWanted ? System.Type.GetType("Xunit.TestContext, xunit.v3.core") : null;
                return type?.GetProperty("Current")?.GetMethod?.CreateDelegate<System.Func<object>>();
            }

            private static bool[]? Start()
            {
                if (Folder is null)
                {
                    return null;
                }

                System.AppDomain.CurrentDomain.ProcessExit += (_, _) => System.IO.File.WriteAllLines(
                    System.IO.Path.Combine(Folder, System.Environment.ProcessId + ".txt"),
                    System.Linq.Enumerable.Select(Reached, test => test.Key + "\t" + string.Join(
                        ' ', System.Linq.Enumerable.Where(System.Linq.Enumerable.Range(0, test.Value.Length), i => test.Value[i]))));
                return Reached.GetOrAdd("", _ => new bool[100000]);
            }
        }
        """;
}
