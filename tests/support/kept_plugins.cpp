// SPDX-License-Identifier: Apache-2.0
// In every program of the preset cpu-asan. Open MPI closes its plugins when it ends, and the leak
// check, which comes later, could not say any more whose memory they left behind: they stay open.
// Weak, since libraries hold it, too.
extern "C" int dlclose(void* handle) noexcept;
extern "C" __attribute__((weak)) int dlclose(void*) noexcept { return 0; }
