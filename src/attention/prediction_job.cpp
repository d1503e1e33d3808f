// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/prediction_job.h"

#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>

#include "intr/attention/dump_plan.h"
#include "intr/attention/map_extractor.h"
#include "intr/attention/prediction_dump.h"
#include "intr/attention/prediction_figures.h"
#include "intr/attention/selection.h"
#include "intr/core/error.h"
#include "intr/core/log.h"
#include "intr/core/parallel.h"
#include "intr/core/printable.h"
#include "intr/core/progress.h"
#include "intr/data/class_file.h"
#include "intr/data/network_input.h"
#include "intr/data/picture_loader.h"
#include "intr/io/atomic_file.h"
#include "intr/model/precision.h"

namespace intr {
namespace {

void describe_figures(OverlayOptions& options, OptionSet& set) {
  set.add("layout", options.layout,
          "strip (photo, mean, every head), side (photo, overlay) or single (overlay)")
      .add("head", options.head, "mean, all, or numbers joined by commas; strips show all")
      .add(
          "scale", options.scale,
          "value of the last color: map (each map's own peak), sample (the largest of the figure), "
          "or fixed:X, in multiples of uniform attention");
  describe_look(options, set);
}

Transform transform_of(const ModelConfig& config) {
  return {.kind = Transform::Kind::kValidation, .image_size = config.image_size};
}

/// What the extractor, the drawers and a dump have to know; no layer is kept unless maps are
/// wanted.
DumpFacts facts_of(const LoadedModel& model, const std::vector<std::string>& classes,
                   const QuerySelection& queries, const PredictionOptions& options) {
  const ModelConfig& config = model.config;
  const bool with_maps = !options.maps.empty() || !options.dump.empty();
  DumpFacts facts;
  facts.model_hash = model.model_hash;
  facts.precision = options.precision;
  facts.queries = queries.text();
  facts.transform = describe_transform(transform_of(config));
  facts.classes = classes;
  facts.class_count = config.num_classes;
  facts.head_total = config.nheads;
  facts.layer_total = config.dec_layers;
  facts.stride = config.stride();
  if (with_maps) facts.layers = {static_cast<std::int32_t>(config.dec_layers - 1)};
  facts.heads.resize(static_cast<std::size_t>(config.nheads));
  std::iota(facts.heads.begin(), facts.heads.end(), 0);
  facts.num_queries = queries.num_slots();
  facts.type = MapType::f32;
  return facts;
}

/// @param logits [B, K] float32 on the CPU, contiguous
void require_finite(const at::Tensor& logits, const PictureBatch& batch,
                    const std::vector<PictureFile>& files, const std::string& model) {
  const std::int64_t classes = logits.size(1);
  const float* values = logits.const_data_ptr<float>();
  for (std::int64_t i = 0; i < logits.numel(); ++i) {
    if (std::isfinite(values[i])) continue;
    const auto row = batch.input.rows[static_cast<std::size_t>(i / classes)];
    throw DataError(fmt::format("the model gives {} for class {} of {}", values[i], i % classes,
                                printable(files[static_cast<std::size_t>(row)].path)),
                    model, "its weights are damaged, or belong to another architecture");
  }
}

/// One model at work on a list of pictures.
class PredictionRun {
 public:
  PredictionRun(const PredictionOptions& options, LoadedModel& loaded,
                const std::vector<std::string>& classes, const PredictionPlace& place)
      : options_(options), place_(place), model_path_(loaded.path) {
    for (const std::string& name : options.asked)
      asked_.push_back(find_class(classes, name, "class"));
    files_ = find_pictures(options.pictures);
    // A dump holds the maps of the classes that are listed; figures need the best one's alone.
    const auto queries = QuerySelection::named_and_best(asked_, loaded.config.num_classes,
                                                        options.dump.empty() ? 1 : options.top);
    const DumpFacts facts = facts_of(loaded, classes, queries, options);
    if (!options.dump.empty()) dump_ = std::make_unique<PredictionDump>(options.dump, facts);
    extractor_ = std::make_unique<MapExtractor>(facts, queries, /*all_logits=*/true,
                                                loaded.config.enc_layers);
    for (auto& [name, tensor] : loaded.tensors) tensor = tensor.to(place.device);
    model_ = std::make_unique<Intr>(loaded.config, loaded.tensors,
                                    take_precision(options.precision, place.device));
    if (!options.maps.empty())
      figures_ =
          std::make_unique<PredictionFigures>(options.maps, facts, options.overlay, asked_, files_);
    predictions_.resize(files_.size());
    for (std::size_t i = 0; i < files_.size(); ++i) predictions_[i].path = files_[i].path;
  }

  std::vector<Prediction> run() {
    const auto count = std::ssize(files_);
    log::info("{} looks at {} {} on {}, {} threads", model_path_, count,
              count == 1 ? "file" : "files", place_.device.str(), place_.threads);
    std::vector<std::string> paths;
    for (const PictureFile& file : files_) paths.push_back(file.path);
    PictureLoader loader(std::move(paths), {.transform = transform_of(model_->config()),
                                            .batch_size = options_.batch_size,
                                            .threads = place_.loader_threads,
                                            .keep_photos = figures_ != nullptr});
    const auto bad_at_once = std::ssize(loader.bad());
    Progress progress("predicting", count - bad_at_once, "pictures",
                      count > options_.batch_size && !options_.quiet);
    while (const std::optional<PictureBatch> batch = loader.next()) {
      predict_batch(*batch);
      progress.advance(batch->input.size());
    }
    progress.finish();
    if (dump_) dump_->write();
    for (const BadPicture& bad : loader.bad())
      predictions_[static_cast<std::size_t>(bad.position)].error = bad.message;
    return std::move(predictions_);
  }

 private:
  void predict_batch(const PictureBatch& batch) {
    const at::NoGradGuard no_gradients;
    const IntrOutput output = model_->forward(network_input(batch.input, place_.device),
                                              batch.input.sizes, extractor_->forward_options());
    require_finite(output.logits.to(at::kCPU, at::kFloat).contiguous(), batch, files_, model_path_);
    std::vector<MapRecord> records =
        extractor_->extract(output, batch.input.sample_ids, batch.input.labels);
    parallel_for(std::ssize(records), figures_ ? place_.threads : 1, [&](std::int64_t i) {
      const auto place = static_cast<std::size_t>(i);
      complete(batch, place, records[place]);
    });
    for (MapRecord& record : records)
      if (dump_) dump_->add(std::move(record));
  }

  /// Everything that is said of one picture. Thread-safe for different pictures.
  void complete(const PictureBatch& batch, std::size_t i, MapRecord& record) {
    const LoadedPicture& picture = batch.pictures[i];
    Prediction& prediction = predictions_[static_cast<std::size_t>(batch.input.rows[i])];
    prediction.size = picture.facts.size;
    prediction.orientation = picture.facts.orientation;
    prediction.hash = picture.hash;
    score_classes(record.sample.logits_all, options_.top, asked_, prediction);
    if (options_.logits) prediction.logits = record.sample.logits_all;
    complete_columns(batch, i, record.sample);
    if (figures_) prediction.figures = figures_->draw(record, picture.photo);
    if (!options_.logits) record.sample.logits_all.clear();
  }

  /// Columns that come from the file.
  void complete_columns(const PictureBatch& batch, std::size_t i, DumpSample& sample) const {
    const LoadedPicture& picture = batch.pictures[i];
    sample.source_size = picture.facts.size;
    sample.resized_size = sample.padded_size = batch.input.sizes[i];
    sample.orientation = picture.facts.orientation;
    sample.image_hash = picture.hash;
    sample.path = files_[static_cast<std::size_t>(batch.input.rows[i])].name;
  }

  const PredictionOptions& options_;
  PredictionPlace place_;
  std::string model_path_;
  std::vector<std::int32_t> asked_;
  std::vector<PictureFile> files_;
  std::unique_ptr<MapExtractor> extractor_;
  std::unique_ptr<PredictionFigures> figures_;  ///< null without --maps
  std::unique_ptr<PredictionDump> dump_;        ///< null without --dump
  std::unique_ptr<Intr> model_;
  std::vector<Prediction> predictions_;
};

/// Errors may hold any bytes of a file name: those that are no UTF-8 are replaced.
std::string json_line(const Prediction& prediction, const std::vector<std::string>& classes) {
  return prediction_json(prediction, classes)
             .dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) +
         "\n";
}

/// Says what is wrong with bad files. @throws DataError as the program's last word
void conclude(const std::vector<Prediction>& predictions, bool skip_bad) {
  constexpr std::int64_t kListed = 20;
  std::int64_t bad = 0;
  for (const Prediction& prediction : predictions)
    if (!prediction.error.empty() && ++bad <= kListed) log::warning("{}", prediction.error);
  if (bad == 0) return;
  if (bad > kListed) log::warning("... and {} more", bad - kListed);
  const std::string count =
      fmt::format("{} of {} files gave no prediction", bad, predictions.size());
  if (bad == std::ssize(predictions)) throw DataError(count);
  if (!skip_bad) throw DataError(count, {}, "with --skip-bad such files do not count as an error");
  log::warning("{}", count);
}

}  // namespace

void describe(PredictionOptions& o, OptionSet& set) {
  set.positional(
      "IMAGE", o.pictures, 1, std::numeric_limits<int>::max(),
      "pictures (JPEG or PNG), folders (every picture below), or @LIST: a text file with "
      "one of these a line");
  set.group("Model")
      .add("model", o.model,
           "weight file (.pth, .safetensors, checkpoint) or run directory (its best checkpoint)")
      .add("classes", o.class_file,
           "file with the class names, one a line; none = those that the model's file holds")
      .add("batch-size", o.batch_size, "pictures of a forward pass at most");
  describe_precision(o.precision, set);
  describe_untold(o.request.options, set);
  o.request.given = [&set](const std::string& flag) { return set.given(flag); };
  set.group("Results")
      .add("top", o.top, "best classes that are listed")
      .add("class", o.asked, "class, by name or number, that is listed and drawn as well")
      .add("json", o.json, "print JSON instead of text: one object a line for each picture")
      .add("logits", o.logits, "add the logits of all classes to the JSON")
      .add("csv", o.csv, "write one line for each listed class to this file")
      .add("skip-bad", o.skip_bad, "files that are no good pictures are no error")
      .add("quiet", o.quiet, "say only what is wrong");
  set.group("Maps").add(
      "maps", o.maps,
      "draw where the model looked for the predicted class, a figure a picture, into this "
      "folder");
  describe_figures(o.overlay, set);
  set.group("Maps for other programs")
      .add("dump", o.dump,
           "write the attention for the listed classes into this HDF5 file, as intr-attend does: "
           "for intr-render DUMP --images FOLDER, or h5py");
}

void validate(const PredictionOptions& o, const OptionSet& set) {
  require_given("model", o.model, "--model run");
  require_range("top", o.top, 1, 1'048'576);
  require_range("batch-size", o.batch_size, 1, 1'048'576);
  validate_precision(o.precision);
  if (o.logits && !o.json)
    throw UsageError("are part of the JSON, which was not asked for", "--logits", "add --json");
  // The others compare queries of a dump.
  require_choice("layout", o.overlay.layout, {"single", "side", "strip"});
  validate(o.overlay);
  if (o.overlay.scale == "shared")
    throw UsageError("'shared' is the scale of a whole dump", "--scale",
                     "use sample, map or fixed:X");
  OverlayOptions copy;
  OptionSet names("", "");
  describe_figures(copy, names);
  const nlohmann::ordered_json values = names.values();
  for (const auto& [name, value] : values.items())
    if (o.maps.empty() && set.given(name))
      throw UsageError("says how maps are drawn, and none are", "--" + name, "add --maps FOLDER");
}

std::vector<std::string> class_names(const LoadedModel& model, const std::string& class_file) {
  std::vector<std::string> names = model.classes;
  if (names.empty() && class_file.empty())
    log::info("{} names no classes, so they are numbered; --classes FILE names them", model.path);
  if (!class_file.empty()) {
    names = read_class_file(class_file);
    if (std::ssize(names) != model.config.num_classes)
      throw DataError(fmt::format("names {} classes, the model {} has {}", names.size(), model.path,
                                  model.config.num_classes),
                      class_file, "write one class name a line, in the order of training");
  }
  for (std::int64_t i = std::ssize(names); i < model.config.num_classes; ++i)
    names.push_back(fmt::format("class {}", i));
  return names;
}

std::vector<Prediction> predict(const PredictionOptions& options, LoadedModel& model,
                                const std::vector<std::string>& classes,
                                const PredictionPlace& place) {
  return PredictionRun(options, model, classes, place).run();
}

ExitCode run_prediction_job(const PredictionOptions& options, const PredictionPlace& place) {
  LoadedModel model = load_model(options.model, options.request);
  const std::vector<std::string> classes = class_names(model, options.class_file);
  const std::vector<Prediction> predictions = predict(options, model, classes, place);
  if (!options.csv.empty()) write_file(options.csv, predictions_csv(predictions, classes));
  for (const Prediction& prediction : predictions)
    fmt::print(
        "{}", options.json ? json_line(prediction, classes) : prediction_text(prediction, classes));
  std::fflush(stdout);  // before what is wrong
  conclude(predictions, options.skip_bad);
  return ExitCode::kDone;
}

}  // namespace intr
