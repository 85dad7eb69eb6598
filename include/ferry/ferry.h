/* ferry.h: all of Ferry, in reading order. */
#ifndef FERRY_FERRY_H
#define FERRY_FERRY_H

#include "base.h"
#include "tensor.h"
#include "device.h"
#include "graph.h"
#include "nn.h"
#include "data.h"
#include "train.h"
#include "methods.h"
#include "recipe.h"
#include "report.h"

#endif
