/* average.h: a model that holds the averages of another's values. Public functions only. */
#ifndef FERRY_METHODS_AVERAGE_H
#define FERRY_METHODS_AVERAGE_H

#include <ferry/methods.h>

/* Copies the averages that the plan keeps for an objective (fy_objective_average) into the parameters of the same
 * names; other parameters stay as they are. `to` has the name of the model that the objective moves. */
fy_status average_take(fy_plan *plan, const char *objective, fy_model *to);

#endif
