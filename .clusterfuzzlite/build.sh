#!/bin/bash -eu
fuzz/oss-fuzz/build_targets
