namespace Quantization.Onnx;

/// <summary>Finds the recipe of a plan.</summary>
internal static class RecipeNames
{
    /// <summary>The recipe whose passes and rules a plan relies on.</summary>
    /// <exception cref="ArgumentException">The plan names a recipe or a target that is not known.</exception>
    public static IRecipe Find(QuantizationPlan plan)
    {
        if (!Targets.Names.TryGetValue(plan.Target, out TargetRuntime runtime))
        {
            throw new ArgumentException($"The plan is for the target '{VisibleText.Short(plan.Target)}'; known are {string.Join(", ", Targets.Names.Keys.Order(StringComparer.Ordinal))}.", nameof(plan));
        }

        IRecipe[] recipes = [new StaticInt8Recipe(new PtqOptions { Runtime = runtime }), new WeightOnlyInt8Recipe()];
        return Array.Find(recipes, recipe => recipe.Name == plan.Recipe)
            ?? throw new ArgumentException($"The plan is of the recipe '{VisibleText.Short(plan.Recipe)}'; known are {string.Join(", ", recipes.Select(recipe => recipe.Name))}.", nameof(plan));
    }
}
