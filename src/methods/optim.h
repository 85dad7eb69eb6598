/* optim.h: options of an optimiser as methods take them. Public functions only. */
#ifndef FERRY_METHODS_OPTIM_H
#define FERRY_METHODS_OPTIM_H

#include <ferry/methods.h>

/* FY_EINVAL for a name that no optimiser has. */
fy_status optim_of(const fy_optim_opts *o, fy_optim *out);

#endif
