// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace intr {

/// Sends everything printed so far on its way. A command calls it before it says that it is done:
/// a list that a full disk has cut must not look whole. @throws EnvironmentError
void flush_output();

}  // namespace intr
