// SPDX-License-Identifier: Apache-2.0
#include "intr/train/lock_verdict.h"

#include "intr/train/job_status.h"

namespace intr {
namespace {

/// Two clusters on one file system count their jobs each by itself.
bool same_cluster(const LockHolder& a, const LockHolder& b) {
  return a.cluster.empty() || b.cluster.empty() || a.cluster == b.cluster;
}

JobStatus status_of(const LockHolder& holder, const LockHolder& me) {
  if (holder.job.empty()) return {.words = "it is no job of a scheduler"};
  if (!same_cluster(holder, me)) return {.words = "it is of cluster " + holder.cluster};
  return ask_scheduler(holder.job);
}

}  // namespace

LockVerdict judge_lock(const LockHolder& holder, const LockHolder& me, bool locked) {
  using Kind = LockVerdict::Kind;
  using Presence = LockHolder::Presence;
  // Its processes may linger on a node that was cut off: what they write is fenced.
  if (!me.job.empty() && holder.job == me.job && same_cluster(holder, me) &&
      holder.restart < me.restart)
    return {Kind::kStale, "it is an earlier start of this job"};
  // A process of another container has no number here, but its lock is seen.
  const Presence presence = holder.presence();
  if (presence == Presence::kGone && !locked) return {Kind::kStale, "its process is gone"};
  const JobStatus status = status_of(holder, me);
  if (status.kind == JobStatus::Kind::kEnded) return {Kind::kStale, status.words};
  if (presence == Presence::kHere || locked) return {Kind::kLive, "its process runs"};
  if (status.kind == JobStatus::Kind::kRunning) return {Kind::kLive, status.words};
  return {Kind::kUndecidable,
          "whether it runs on that host cannot be told from here: " + status.words};
}

}  // namespace intr
