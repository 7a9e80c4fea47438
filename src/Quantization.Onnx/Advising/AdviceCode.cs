namespace Quantization.Onnx;

/// <summary>
/// What an <see cref="Advice"/> is about. Each code says which arguments it has; those in brackets can be absent. Times are in
/// milliseconds,
/// shares 0 … 1, ratios of noise in dB.
/// </summary>
public enum AdviceCode
{
    /// <summary>
    /// Nothing could be quantized: <c>nodes</c> in float and <c>reasons</c>, one for each; [<c>format</c>, the
    /// <see cref="HalfFormat"/> that was asked for; absent for int8].
    /// </summary>
    NothingToQuantize,

    /// <summary>Activations were 0 in every calibration sample: <c>activations</c>, and <c>nodes</c> that stay in float for it.</summary>
    DeadActivations,

    /// <summary>Products saturate on this processor, which has no VNNI instructions: <c>safeBits</c> of weights that do not.</summary>
    ProductsSaturate,

    /// <summary>The model is for a runtime that compiles graphs, so what runs here says little: <c>runtime</c>.</summary>
    RuntimeNotRunHere,

    /// <summary>Only tables whose rows are looked up became int8. No arguments.</summary>
    OnlyTablesQuantized,

    /// <summary>ONNX Runtime runs no quantized node on integers here. No arguments.</summary>
    NothingRunsInInt8,

    /// <summary>
    /// Most nodes with weights stay in float: <c>floatNodes</c> and <c>quantizedNodes</c>, how many; <c>reason</c>, the most frequent;
    /// <c>nodesOfReason</c>, how many; and <c>node</c>, the first of them.
    /// </summary>
    MostNodesStayInFloat,

    /// <summary>The quantized model is larger: <c>quantizedBytes</c>, <c>floatBytes</c>.</summary>
    LargerThanFloat,

    /// <summary>
    /// The quantized model is slower here, but is for a runtime that compiles graphs: <c>floatMilliseconds</c>,
    /// <c>quantizedMilliseconds</c>.
    /// </summary>
    SlowerForOtherRuntime,

    /// <summary>The quantized model is slower on this processor, which has no VNNI instructions. Arguments as before.</summary>
    SlowerWithoutVnni,

    /// <summary>The quantized model is slower for its conversions: also <c>conversions</c>, <c>int8Nodes</c>.</summary>
    SlowerForConversions,

    /// <summary>The quantized model is slower because it is small: <c>floatMilliseconds</c>, <c>quantizedMilliseconds</c>.</summary>
    SlowerForSmallModel,

    /// <summary>The quantized model is slower for no cause that is known. Arguments as before.</summary>
    SlowerThanFloat,

    /// <summary>
    /// Other work on the machine disturbed the latencies: [<c>spread</c>, how far single runs lie apart, as a share of the median];
    /// [<c>otherLoad</c>, the share of the cores that other processes used]; <c>cores</c>, how many there are.
    /// </summary>
    LatencyDisturbed,

    /// <summary>A model in half precision gains size alone on most processors: <c>format</c>, a <see cref="HalfFormat"/>.</summary>
    HalfGainsSizeOnly,

    /// <summary>A model was converted to float16 without samples, which show activations that leave its range. No arguments.</summary>
    HalfWithoutSamples,

    /// <summary>The model in half precision is larger: <c>format</c>, <c>halfBytes</c>, <c>floatBytes</c>.</summary>
    HalfLargerThanFloat,

    /// <summary>
    /// The model in half precision is slower on this machine: <c>format</c>, <c>floatMilliseconds</c>, <c>halfMilliseconds</c>.
    /// </summary>
    HalfSlowerThanFloat,

    /// <summary>
    /// An evaluated model is slower than the reference: <c>model</c>, <c>reference</c>, <c>modelMilliseconds</c>,
    /// <c>referenceMilliseconds</c>.
    /// </summary>
    CandidateSlower,

    /// <summary>
    /// An evaluated model is larger than the reference: <c>model</c>, <c>reference</c>, <c>modelBytes</c>, <c>referenceBytes</c>.
    /// </summary>
    CandidateLarger,

    /// <summary>
    /// Labelled samples do not count for accuracy: <c>uncounted</c>, how many; <c>sample</c>, the first; [<c>output</c>, the logits, whose
    /// <c>shape</c> for <c>samples</c> does not fit; absent where the logits are no floats].
    /// </summary>
    UncountedLabels,

    /// <summary>
    /// Models of a search reach the float model: <c>reaching</c> of <c>trials</c> by <c>metric</c>; <c>isRefined</c> where single
    /// activations then got calibrators of their own.
    /// </summary>
    TrialsReachFloat,

    /// <summary>No model of a search reaches the float model: <c>trials</c>, <c>metric</c>, <c>isRefined</c>.</summary>
    NoTrialReachesFloat,

    /// <summary>
    /// Partial quantization met its target: <c>target</c>, a <see cref="PartialTargetKind"/>, and <c>targetValue</c>; <c>metric</c>,
    /// <c>unit</c>, <c>score</c>, <c>floatScore</c>, <c>samples</c>; <c>floatLayers</c> of <c>layers</c>, [<c>weightOnlyLayers</c>, those
    /// with int8 weights alone], [<c>floatActivations</c>, the activations in float], <c>int8Share</c>; [<c>trialLimit</c>, the limit of
    /// trials that ended it].
    /// </summary>
    TargetMet,

    /// <summary>
    /// Partial quantization missed its target: as before, and [<c>maxFloatLayers</c>, the most layers that were allowed].
    /// </summary>
    TargetNotMet,

    /// <summary>
    /// Partial quantization found the best figure within a latency: as <see cref="TargetMet"/>, and [<c>latencyRatio</c>].
    /// </summary>
    BestWithinLatency,

    /// <summary>
    /// Partial quantization was refused because the float model itself misses the target: <c>metric</c>, <c>unit</c>, <c>targetValue</c>,
    /// <c>floatScore</c>; [<c>meant</c>, the figure that was probably meant].
    /// </summary>
    TargetBeyondFloat,

    /// <summary>
    /// A loss is finer than the scoring samples can show: <c>targetValue</c>, <c>samples</c>; <c>step</c>, what a single sample counts.
    /// </summary>
    TargetFinerThanSamples,

    /// <summary>A loss has no bound, because the float model's figure is infinite: <c>metric</c>.</summary>
    LossOfInfiniteFigure,

    /// <summary>A metric needs rows of classes, which the logits are not: <c>metric</c>.</summary>
    NoClassRows,

    /// <summary>
    /// Options leave a node in float that the model does not have: <c>model</c>, <c>node</c>, and <c>options</c>, their type.
    /// </summary>
    UnknownFloatNode,

    /// <summary>Options of half precision leave a node in 32 bits that the model does not have: <c>model</c>, <c>node</c>.</summary>
    UnknownFullPrecisionNode,

    /// <summary>Options quantize weights in their own way, but the model has no such node: <c>model</c>, <c>node</c>.</summary>
    UnknownWeightsNode,

    /// <summary>Weights or a bias hold NaN or infinity: <c>model</c>, <c>kind</c>, <c>tensor</c>, <c>node</c>.</summary>
    NonFiniteWeights,

    /// <summary>A bias is too large for its codes: <c>model</c>, <c>tensor</c>, <c>node</c>, <c>value</c>, <c>input</c>.</summary>
    BiasTooLarge,

    /// <summary>
    /// An activation holds NaN or infinity: <c>sample</c>, <c>activation</c>, <c>model</c>, <c>value</c>, <c>element</c>.
    /// </summary>
    NonFiniteActivation,

    /// <summary>A calibration lacks an activation: <c>model</c>, <c>activation</c>.</summary>
    CalibrationLacksActivation,

    /// <summary>The process that tried the quantized model crashed: <c>model</c>, <c>exitCode</c>.</summary>
    ProbeCrashed,

    /// <summary>The process that tried the quantized model did not end: <c>model</c>, <c>seconds</c>.</summary>
    ProbeTimedOut,

    /// <summary>A folder of samples holds images: <c>folder</c>.</summary>
    FolderOfImages,

    /// <summary>The model leaves the size of images open: <c>model</c>, <c>input</c>, <c>shape</c>, <c>side</c>.</summary>
    ImageSizeOpen,

    /// <summary>Images need a size. No arguments.</summary>
    ImageSizeMissing,

    /// <summary>
    /// Numbers are given for three channels, but images are grey: <c>isMean</c>, or the standard deviation; <c>numbers</c>, how many.
    /// </summary>
    NumbersForGreyImages,

    /// <summary>An image cannot be resized in proportion: <c>image</c>, <c>width</c>, <c>height</c>.</summary>
    ImageTooLong,

    /// <summary>
    /// The float model is right no more often than chance: <c>labelledSamples</c>, <c>floatTop1</c>; <c>chance</c>, the accuracy of the
    /// same answers in a random order; [<c>preprocessing</c>, how samples were prepared, in words].
    /// </summary>
    FloatNearChance,

    /// <summary>The float model is right less often than trained models usually are: arguments as before.</summary>
    FloatLowAccuracy,

    /// <summary>All labels name one class: <c>labelledSamples</c>, <c>class</c>, [<c>preprocessing</c>].</summary>
    LabelsOfOneClass,

    /// <summary>
    /// The float model gives nearly all samples one class: <c>samples</c>, <c>answers</c>, how many samples have it; <c>class</c>,
    /// [<c>preprocessing</c>].
    /// </summary>
    FloatGivesOneAnswer,

    /// <summary>
    /// A report tells accuracy: <c>labelledSamples</c>, <c>floatTop1</c>, <c>top1</c>, <c>loss</c>; <c>lossLow</c> and <c>lossHigh</c>,
    /// where the loss lies with a confidence of 95 %; [<c>agreement</c>]; <c>isNegligible</c>, whether nothing is lost that would be
    /// noticed; [<c>format</c>, the <see cref="HalfFormat"/> of the model; absent for int8].
    /// </summary>
    ReportAccuracy,

    /// <summary>
    /// A report tells noise: <c>signalToNoise</c>, [<c>agreement</c>], [<c>samples</c>, how many scored], [<c>format</c> as before].
    /// </summary>
    ReportNoise,

    /// <summary>The samples that calibrated were measured too: <c>samples</c>.</summary>
    ReportSameSamples,

    /// <summary>A report has no figures. No arguments.</summary>
    ReportNothingMeasured,

    /// <summary>
    /// A report tells size and time beside the float model's: <c>sizeRatio</c>, [<c>timeRatio</c>]; <c>isRough</c>, whether other work
    /// disturbed the times.
    /// </summary>
    ReportCost,

    /// <summary>
    /// A report tells which model of a search was kept: <c>trials</c>, how many were tried; <c>name</c>, <c>metric</c>, <c>unit</c>,
    /// <c>score</c>; <c>baselineName</c>, <c>baselineScore</c>, and <c>gain</c> over it.
    /// </summary>
    ReportKept,

    /// <summary>A report names the layer that loses most: <c>node</c>, <c>operator</c>, <c>noiseShare</c>, <c>signalToNoise</c>.</summary>
    ReportWorstLayer,

    /// <summary>
    /// A report tells how many nodes with weights stay in float, or in half precision how many nodes stay in 32 bits: <c>nodes</c>,
    /// [<c>format</c> as before].
    /// </summary>
    ReportFloatNodes,

    /// <summary>A report warns that few samples calibrated: <c>samples</c>.</summary>
    ReportFewSamples,

    /// <summary>A report tells what partial quantization did: <c>layers</c>, <c>metric</c>, <c>unit</c>, <c>allInt8Score</c>, <c>score</c>,
    /// <c>floatLayers</c>, <c>relievedLayers</c>, <c>int8Share</c>.</summary>
    ReportPartialOutcome,

    /// <summary>A report names the most sensitive layer: <c>node</c>, <c>operator</c>, <c>isFloat</c>, <c>steps</c>.</summary>
    ReportMostSensitiveLayer,

    /// <summary>Next: the model can be used as it is. No arguments.</summary>
    NextNothing,

    /// <summary>Next: correct labels or preprocessing: <c>hasLabels</c>.</summary>
    NextCheckData,

    /// <summary>
    /// Next: measure on more samples: <c>samples</c>, how many scored; <c>wanted</c>, about how many would tell; <c>hasLabels</c>.
    /// </summary>
    NextMoreSamples,

    /// <summary>Next: leave as few layers in float as a target needs. No arguments.</summary>
    NextPartialQuantization,

    /// <summary>Next: compare the layers. No arguments.</summary>
    NextCompareLayers,

    /// <summary>Next: compare the models layer by layer. No arguments.</summary>
    NextCompareModels,

    /// <summary>Next: leave the one layer in float that makes most of the noise: <c>node</c>.</summary>
    NextLeaveLayerInFloat,

    /// <summary>
    /// Next: the noise comes from many layers. <c>hasFewBits</c> and <c>isPerTensor</c> tell what would lower the noise of all weights.
    /// </summary>
    NextManyLayers,

    /// <summary>Next: the target was not met. Arguments as before.</summary>
    NextAfterMissedTarget,

    /// <summary>
    /// Next: a smaller loss is possible: <c>floatLayers</c>, <c>metric</c>, <c>unit</c>, <c>score</c>.
    /// </summary>
    NextSmallerLoss,

    /// <summary>
    /// The samples of a search cannot tell the model that was taken, the simplest, from the one nearest to the float model: <c>trials</c>,
    /// <c>samples</c>, <c>needed</c>, the number of samples that would tell; <c>isRefined</c> as before.
    /// </summary>
    TrialsIndistinguishable,

    /// <summary>
    /// An automatic choice picked a model: <c>way</c>, a <see cref="QuantizationWay"/>; [<c>metric</c>, <c>unit</c>, <c>score</c>, and
    /// <c>loss</c> where the float model's figure is finite]; <c>latencyRatio</c>, <c>sizeRatio</c>, <c>bytes</c>; <c>spendsLoss</c>,
    /// whether the fastest within a loss was looked for.
    /// </summary>
    AutoPicked,

    /// <summary>An automatic choice picked a model on generated inputs, which tell nothing of accuracy. Arguments as before.</summary>
    AutoPickedUnmeasured,

    /// <summary>
    /// No model of an automatic choice is within the budget: [the figures of the nearest one as before, and <c>verdict</c>, an
    /// <see cref="AutoVerdict"/>]; [<c>maxLoss</c>, <c>maxLatencyRatio</c>, <c>maxBytes</c>, what was allowed]; <c>hasCost</c>, whether a
    /// time or a size was stated; <c>isGenerated</c>, whether inputs were generated.
    /// </summary>
    AutoNonePicked,

    /// <summary>What was picked of the models of an automatic choice: the figures as <see cref="AutoPicked"/> has them.</summary>
    AutoChosen,

    /// <summary>A way of quantizing could not be carried out: <c>way</c>, <c>problem</c>.</summary>
    AutoFailed,

    /// <summary>A way of quantizing found nothing to quantize: <c>way</c>.</summary>
    AutoNothingToQuantize,

    /// <summary>A model of an automatic choice loses too much: its figures, and what was allowed as before.</summary>
    AutoLosesTooMuch,

    /// <summary>A model of an automatic choice is slower than was allowed. Arguments as before.</summary>
    AutoTooSlow,

    /// <summary>A model of an automatic choice is larger than was allowed. Arguments as before.</summary>
    AutoTooLarge,

    /// <summary>A model of an automatic choice is not faster than the float model. Arguments as before.</summary>
    AutoNotFaster,

    /// <summary>A model of an automatic choice is not smaller than the float model. Arguments as before.</summary>
    AutoNotSmaller,

    /// <summary>
    /// A model within the budget loses more than the one that was picked: arguments as before, and <c>bestWay</c>, [<c>bestScore</c>,
    /// <c>bestLoss</c>], <c>bestLatencyRatio</c>.
    /// </summary>
    AutoLosesMore,

    /// <summary>A model within the budget is slower than the one that was picked. Arguments as before.</summary>
    AutoSlower,

    /// <summary>No sample tells what a model loses, and the one that was picked usually loses less. Arguments as before.</summary>
    AutoRiskier,
}
