// A library of one custom operator, com.example.Negate: y = -x of floats.
#include "onnxruntime_c_api.h"

static const OrtApi* api;
static OrtCustomOp negate;
static OrtCustomOpDomain* domain;

static void* ORT_API_CALL create_kernel(const OrtCustomOp* op, const OrtApi* given, const OrtKernelInfo* info) { return &negate; }
static const char* ORT_API_CALL get_name(const OrtCustomOp* op) { return "Negate"; }
static const char* ORT_API_CALL get_provider(const OrtCustomOp* op) { return NULL; }
static ONNXTensorElementDataType ORT_API_CALL get_type(const OrtCustomOp* op, size_t index) { return ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT; }
static OrtCustomOpInputOutputCharacteristic ORT_API_CALL get_characteristic(const OrtCustomOp* op, size_t index) { return INPUT_OUTPUT_REQUIRED; }
static size_t ORT_API_CALL one(const OrtCustomOp* op) { return 1; }
static void ORT_API_CALL destroy(void* kernel) { }

static void ORT_API_CALL compute(void* kernel, OrtKernelContext* context) {
  const OrtValue* input;
  OrtValue* output;
  OrtTensorTypeAndShapeInfo* info;
  int64_t shape[8];
  size_t rank, count;
  float *x, *y;
  api->KernelContext_GetInput(context, 0, &input);
  api->GetTensorTypeAndShape(input, &info);
  api->GetDimensionsCount(info, &rank);
  api->GetDimensions(info, shape, rank);
  api->GetTensorShapeElementCount(info, &count);
  api->ReleaseTensorTypeAndShapeInfo(info);
  api->KernelContext_GetOutput(context, 0, shape, rank, &output);
  api->GetTensorMutableData((OrtValue*)input, (void**)&x);
  api->GetTensorMutableData(output, (void**)&y);
  for (size_t i = 0; i < count; i++) y[i] = -x[i];
}

ORT_EXPORT OrtStatus* ORT_API_CALL RegisterCustomOps(OrtSessionOptions* options, const OrtApiBase* base) {
  api = base->GetApi(ORT_API_VERSION);
  if (domain == NULL) {
    negate.version = 12; // no function of later versions is set
    negate.CreateKernel = create_kernel;
    negate.GetName = get_name;
    negate.GetExecutionProviderType = get_provider;
    negate.GetInputType = get_type;
    negate.GetInputTypeCount = one;
    negate.GetOutputType = get_type;
    negate.GetOutputTypeCount = one;
    negate.KernelCompute = compute;
    negate.KernelDestroy = destroy;
    negate.GetInputCharacteristic = get_characteristic;
    negate.GetOutputCharacteristic = get_characteristic;
    OrtStatus* status = api->CreateCustomOpDomain("com.example", &domain);
    if (status == NULL) status = api->CustomOpDomain_Add(domain, &negate);
    if (status != NULL) return status;
  }

  return api->AddCustomOpDomain(options, domain);
}
