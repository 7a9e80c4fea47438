namespace Quantization.Onnx;

/// <summary>Finds the recipe of a plan.</summary>
internal static class RecipeNames
{
    /// <summary>The recipe whose passes and rules a plan relies on.</summary>
    /// <exception cref="ArgumentException">The plan names a recipe or a target that is not known.</exception>
    public static IRecipe Find(QuantizationPlan plan)
    {
        IRecipe[] recipes =
        [
            new StaticInt8Recipe(new PtqOptions { Runtime = plan.Runtime }),
            new WeightOnlyInt8Recipe(),
            BlockWeightsRecipe.Of(plan),
            new DynamicInt8Recipe(),
            new HalfPrecisionRecipe(new HalfPrecisionOptions { Format = plan.Half ?? HalfFormat.Float16 }, hasSamples: false),
        ];
        return Array.Find(recipes, recipe => recipe.Name == plan.Recipe)
            ?? throw new ArgumentException($"The plan is of the recipe '{VisibleText.Short(plan.Recipe)}'; known are "
                + $"{string.Join(", ", recipes.Select(recipe => recipe.Name))}.", nameof(plan));
    }
}
