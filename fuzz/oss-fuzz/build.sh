#!/bin/bash -eu
# Copyright (c) 2026 fifofuzz authors
# SPDX-License-Identifier: MIT
fuzz/oss-fuzz/build_targets
