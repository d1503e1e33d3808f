#!/usr/bin/env bash
# Installs what a build needs and is not there yet: Debian packages (as root, or with sudo) and LibTorch, unpacked under
# .deps/ from pinned wheels whose SHA-256 is checked. Running it again changes nothing.
#
#     scripts/setup.sh [--cuda] [--dev] [--tests]
#
#   --cuda   also the libraries that a GPU build links to (the CUDA toolkit itself must be there)
#   --dev    also the formatter and the compiler with a fuzzer that CI uses
#   --tests  also the Python packages with which tests read what was exported and, as root, a browser for the gallery's test and
#            Slurm for the tests of the job scripts, which start clusters of their own
#
# Without root: have these packages from elsewhere (modules, your own prefix), name their folders in CMAKE_PREFIX_PATH,
# and run this script with that set. docs/install.md has examples.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(
  g++ cmake ninja-build ccache git ca-certificates python3 python3-pip unzip pkg-config
  libopenmpi-dev openmpi-bin libhdf5-dev libboost-program-options-dev libfmt-dev libgtest-dev libgmock-dev
  libjpeg62-turbo-dev libpng-dev libwebp-dev libtiff-dev libgif-dev zlib1g-dev libxxhash-dev nlohmann-json3-dev libzip-dev libdeflate-dev libssl-dev
  libopencv-core-dev libopencv-imgproc-dev dataset-fashion-mnist
)
cuda=no
tests=no
for word in "$@"; do
  case $word in
    --cuda) cuda=yes ;;
    --tests)
      tests=yes
      [[ $(id -u) == 0 ]] && packages+=(chromium slurmctld slurmd slurm-client munge iproute2 procps shellcheck)
      ;;
    --dev) packages+=(clang-format-16 clang-16 libclang-rt-16-dev) ;;
    -h | --help) sed -n '2,14s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "setup.sh: unknown word '$word'. Next: scripts/setup.sh --help" >&2; exit 2 ;;
  esac
done

say() { echo "setup: $*" >&2; }

install_packages() {
  local missing=() package root=()
  command -v dpkg-query >/dev/null || { say "no Debian packages here: expecting the libraries in CMAKE_PREFIX_PATH"; return; }
  for package in "${packages[@]}"; do
    [[ $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) == "install ok installed" ]] || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  if [[ $(id -u) != 0 ]]; then
    if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [[ -t 0 ]]; }; then
      root=(sudo)
    elif [[ -n ${CMAKE_PREFIX_PATH:-} ]]; then
      say "not root: leaving out ${missing[*]}; expecting them in CMAKE_PREFIX_PATH"
      return
    else
      say "these Debian packages are missing and this user may not install them: ${missing[*]}"
      say "Next: ask for them, or see 'Without root' in docs/install.md"
      exit 78
    fi
  fi
  say "installing ${#missing[@]} Debian packages"
  # apt-get keeps standard input away from its scripts and stays quiet unless something fails.
  "${root[@]}" apt-get update -qq </dev/null >/dev/null
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" \
    </dev/null >.deps/apt.log 2>&1 || { tail -n 20 .deps/apt.log >&2; say "apt-get failed; all of it: .deps/apt.log"; exit 78; }
}

# A LibTorch of the user's own, named in CMAKE_PREFIX_PATH.
own_libtorch() {
  local folder
  while IFS= read -r -d : folder; do
    [[ -n $folder && -e $folder/lib/libtorch_cpu.so ]] && return 0
  done <<<"${CMAKE_PREFIX_PATH:-}:"
  return 1
}

# Unpacks the wheels of a list into .deps/NAME. The folder appears whole or not at all.
install_wheels() {
  local list=$1 folder=.deps/$2 stamp temporary wheel
  stamp=$(sha256sum "$list" | cut -d' ' -f1)
  [[ $(cat "$folder/.stamp" 2>/dev/null) == "$stamp" ]] && return 0
  [[ $(uname -m) == x86_64 ]] || { say "the pinned LibTorch is for x86-64. Next: pass your own through CMAKE_PREFIX_PATH"; exit 78; }
  say "fetching $(grep -c '==' "$list") wheels of $list"
  temporary=$folder.tmp-$$
  rm -rf "$folder".tmp-*
  mkdir -p "$temporary/wheels"
  # pip takes a named platform literally: every glibc up to Debian 12's that a wheel may be built for.
  local platforms=(--platform manylinux2014_x86_64) minor
  for minor in {17..36}; do platforms+=(--platform "manylinux_2_${minor}_x86_64"); done
  python3 -m pip download -q --disable-pip-version-check --no-deps --require-hashes --only-binary :all: \
    --python-version 3.11 --implementation cp \
    "${platforms[@]}" \
    -d "$temporary/wheels" -r "$list" || { say "could not fetch them. Next: check the network, then run this again"; exit 78; }
  for wheel in "$temporary"/wheels/*.whl; do unzip -q -o "$wheel" -d "$temporary"; done
  rm -rf "$temporary/wheels" "$folder"
  echo "$stamp" >"$temporary/.stamp"
  mv "$temporary" "$folder"
}

mkdir -p .deps
install_packages
if own_libtorch; then
  say "using the LibTorch in CMAKE_PREFIX_PATH"
else
  install_wheels scripts/wheels.txt libtorch
  if [[ $tests == yes ]]; then
    install_wheels scripts/wheels-tests.txt python
    python3 tests/python/stand_in_libraries.py .deps/libtorch/torch/lib .deps/python/stand-ins
  fi
fi
if [[ $cuda == yes ]]; then
  install_wheels scripts/wheels-cuda.txt cuda
  command -v nvcc >/dev/null || [[ -x /usr/local/cuda/bin/nvcc ]] ||
    say "no CUDA toolkit found: install CUDA 13 or load its module before configuring gpu-release"
fi
say "everything is there"
