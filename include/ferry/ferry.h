/* ferry.h: all of Ferry; README.md lists the headers in reading order. */
#ifndef FERRY_FERRY_H
#define FERRY_FERRY_H

#include "adapt.h"
#include "base.h"
#include "choose.h"
#include "compare.h"
#include "data.h"
#include "device.h"
#include "distill.h"
#include "domains.h"
#include "fuse.h"
#include "fused.h"
#include "graph.h"
#include "hdnet.h"
#include "methods.h"
#include "nn.h"
#include "parts.h"
#include "pid.h"
#include "recipe.h"
#include "report.h"
#include "search.h"
#include "tensor.h"
#include "train.h"
#include "validate.h"
#include "weights.h"

#endif
