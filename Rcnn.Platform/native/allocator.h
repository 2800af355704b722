// Replaces libtorch's allocator of CPU tensors; once, before the first tensor.
#pragma once
void rcnn_install_allocator();
