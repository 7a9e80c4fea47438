using Xunit.Sdk;
using Xunit.v3;

// libtorch has one random number generator and one pool of threads for the process: tests at the same time would change each other's
// numbers.
[assembly: Parallelization(Mode = ParallelMode.None)]
