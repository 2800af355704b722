// A device that does not exist, to find tensors that are on the wrong one where there is no GPU. It answers to the name of libtorch's XPU, for which a
// build for CPUs has no kernels: its tensors lie in the host's memory, and every operator without an entry below runs on the CPU over aliases of them.
// Like CUDA, it refuses an operator whose tensors are on two devices (scalars may be on the CPU), and backward runs on a thread of its own.
#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/_reshape_alias_native.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/view_native.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/library.h>

namespace {

const c10::Device shadow(c10::DeviceType::XPU, 0);

bool is_shadow(const at::Tensor& t) { return t.defined() && t.device().type() == c10::DeviceType::XPU; }

// The same memory under another device; the source is kept alive.
at::Tensor on(const at::Tensor& t, c10::Device device) {
  return at::for_blob(t.data_ptr(), t.sizes()).strides(t.strides()).deleter([t](void*) {}).options(t.options().device(device)).target_device(device).make_tensor();
}

struct Aliases {
  std::vector<std::pair<at::Tensor, at::Tensor>> pairs;  // of the device, on the CPU
  std::string on_cpu, on_shadow;

  at::Tensor in(const at::Tensor& t, const char* what) {
    if (!is_shadow(t)) {
      if (t.defined() && t.dim() > 0) on_cpu = what;
      return t;
    }
    on_shadow = what;
    for (auto& p : pairs)
      if (p.first.is_same(t)) return p.second;
    // An empty one is fresh memory, so that an operator may give it its size.
    pairs.emplace_back(t, t.numel() ? on(t, at::kCPU) : at::empty_strided(t.sizes(), t.strides(), t.options().device(at::kCPU)));
    return pairs.back().second;
  }

  at::Tensor out(const at::Tensor& t, const std::string& name) {
    if (!t.defined()) return t;
    for (auto& p : pairs) {
      if (p.second.is_same(t)) {
        if (p.first.sizes() != t.sizes()) {
          auto fresh = on(t, shadow);
          auto* impl = p.first.unsafeGetTensorImpl();
          impl->set_storage_keep_dtype(fresh.storage());
          impl->set_sizes_and_strides(t.sizes(), t.strides());
        }
        return p.first;
      }
      TORCH_CHECK(!(t.numel() && p.second.numel() && t.storage().data() == p.second.storage().data()), name, " gives a view: the shadow device does not know it");
    }
    return on(t, shadow);
  }
};

void call(const c10::OperatorHandle& op, c10::DispatchKeySet, torch::jit::Stack* stack) {
  const auto& schema = op.schema();
  const std::string name = schema.name();
  const size_t count = schema.arguments().size(), first = stack->size() - count;
  Aliases aliases;
  bool made = false;
  for (size_t i = 0; i < count; i++) {
    c10::IValue& v = (*stack)[first + i];
    const char* what = schema.arguments()[i].name().c_str();
    if (v.isTensor()) {
      v = aliases.in(v.toTensor(), what);
    } else if (v.isTensorList()) {
      c10::List<at::Tensor> list;
      for (const at::Tensor& t : v.toTensorVector()) list.push_back(aliases.in(t, what));
      v = list;
    } else if (v.isList() && v.toList().elementType()->kind() == c10::TypeKind::OptionalType) {
      c10::List<c10::optional<at::Tensor>> list;
      for (const c10::IValue& e : v.toListRef()) list.push_back(e.isNone() ? c10::optional<at::Tensor>() : c10::optional<at::Tensor>(aliases.in(e.toTensor(), what)));
      v = list;
    } else if (v.isDevice() && v.toDevice().type() == c10::DeviceType::XPU) {
      v = c10::IValue(c10::Device(at::kCPU));
      made = true;
    }
  }
  TORCH_CHECK(name == "aten::copy_" || aliases.on_cpu.empty() || aliases.on_shadow.empty(), "Expected all tensors to be on the same device: ", name, " has ", aliases.on_shadow,
              " on the shadow device and ", aliases.on_cpu, " on the CPU");
  op.callBoxed(stack);
  if (aliases.pairs.empty() && !made) return;
  const size_t results = schema.returns().size(), begin = stack->size() - results;
  for (size_t i = 0; i < results; i++) {
    c10::IValue& v = (*stack)[begin + i];
    // What was copied to the CPU stays there.
    if (v.isTensor()) {
      v = aliases.out(v.toTensor(), name);
    } else if (v.isTensorList()) {
      c10::List<at::Tensor> list;
      for (const at::Tensor& t : v.toTensorVector()) list.push_back(aliases.out(t, name));
      v = list;
    }
  }
}

// As the entry above, when the destination is on the CPU: its result is the destination itself.
at::Tensor& copy(at::Tensor& self, const at::Tensor& source, bool) {
  at::Tensor to = is_shadow(self) ? on(self, at::kCPU) : self, from = is_shadow(source) ? on(source, at::kCPU) : source;
  if (self.numel()) to.copy_(from);
  return self;
}

}  // namespace

C10_REGISTER_GUARD_IMPL(XPU, c10::impl::NoOpDeviceGuardImpl<c10::DeviceType::XPU>);

TORCH_LIBRARY_IMPL(_, XPU, m) { m.fallback(torch::CppFunction::makeFromBoxedFunction<&call>()); }

TORCH_LIBRARY_IMPL(aten, XPU, m) {
  m.impl("as_strided", TORCH_FN(at::native::as_strided_tensorimpl));
  m.impl("view", TORCH_FN(at::native::view));
  m.impl("_reshape_alias", TORCH_FN(at::native::_reshape_alias));
  m.impl("copy_", TORCH_FN(copy));
  // Those that libtorch divides among backends by name.
  for (const char* name : {"convolution", "convolution_backward", "convolution_overrideable", "convolution_backward_overrideable"})
    m.impl(name, torch::CppFunction::makeFromBoxedFunction<&call>());
}

extern "C" __attribute__((visibility("default"))) int rcnn_shadow_device() { return (int)c10::DeviceType::XPU; }
