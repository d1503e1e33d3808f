// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "intr/train/train_options.h"

namespace intr::test {

/// A model and a schedule that train on the colored squares in seconds. Dropout is on.
inline TrainOptions tiny_options(const std::string& set, const std::string& out) {
  TrainOptions options;
  options.data = set;
  options.out = out;
  options.augmentation = "flip";
  options.model.backbone = "resnet18";
  options.model.backbone_stages = 3;
  options.model.hidden_dim = 32;
  options.model.nheads = 4;
  options.model.enc_layers = 1;
  options.model.dec_layers = 1;
  options.model.dim_feedforward = 64;
  options.model.image_size = 48;
  options.calibrate_images = 8;
  options.batch_size = 5;
  options.micro_batch = 2;
  options.schedule.epochs = 2;
  options.schedule.lr = 1e-3;
  options.schedule.warmup_steps = 3;
  options.log_every = 1;
  options.quiet = true;
  options.place.threads = 1;
  options.place.device = "cpu";
  return options;
}

}  // namespace intr::test
