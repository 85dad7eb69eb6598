/* train_digits.c: a small network learns digits that the program draws itself. Everything is done
 * by hand here: data, model, graph, objective, plan, loop. Needs no files. */
#include <ferry/ferry.h>

#include <stdio.h>

enum { BATCH = 50, STEPS = 200, N_TEST = 500 };

static fy_status draw(uint64_t seed, int64_t n, fy_dataset **out)
{
    fy_digits_opts o = fy_digits_defaults(FY_DIGITS_CLEAN);
    o.seed = seed;
    o.n = n;
    return fy_digits_open(&o, out);
}

static fy_status open_net(fy_model **out)
{
    fy_model_opts o = fy_model_defaults();
    o.input = FY_SHAPE(1, 28, 28);
    o.n_classes = 10;
    o.hidden = 64;
    return fy_model_open("lenet", "net", &o, out);
}

static fy_status train(fy_device *dev, fy_model *net, const fy_dataset *data)
{
    fy_graph *g = NULL;
    fy_plan *plan = NULL;
    fy_loader *loader = NULL;
    fy_loader_opts lo = fy_loader_defaults();
    fy_batch b;
    float lost;
    fy_status st;

    /* The definition: builders return nodes and run nothing. */
    FY_TRY(fy_graph_new(&g));
    const fy_node x = fy_input(g, "x", FY_F32, FY_SHAPE(BATCH, 1, 28, 28));
    const fy_node y = fy_input(g, "y", FY_I32, FY_SHAPE(BATCH));
    const fy_node logits = fy_model_apply(g, net, x, FY_TRAIN);
    const fy_node loss = fy_mean_all(g, fy_cross_entropy(g, logits, y));

    /* Who learns from what: this loss moves all of the network, by Adam. */
    const fy_optim adam = fy_adam(1e-3f);
    const fy_objective task = fy_objective_add(g, "task", loss, &adam);
    fy_objective_moves_model(g, task, net, "*", NULL);

    /* Forward, backward and update for one device, all memory placed. A mistake made above is
     * reported here, with the operator and its shapes. */
    FY_TRY(fy_plan_new(g, dev, NULL, &plan));

    /* A batch is lent to the plan, not copied. */
    lo.batch = BATCH;
    FY_TRY(fy_loader_open(data, &lo, &loader));
    for (int step = 0; step < STEPS; step++) {
        FY_TRY(fy_loader_next(loader, &b));
        FY_TRY(fy_plan_feed(plan, x, b.x));
        FY_TRY(fy_plan_feed(plan, y, b.y));
        FY_TRY(fy_plan_step(plan));
        if (step % 50 == 0) {
            FY_TRY(fy_plan_read(plan, loss, &lost, 1));
            printf("step %3d  loss %.3f\n", step, (double)lost);
        }
    }
done:
    fy_loader_close(loader);
    fy_plan_free(plan);
    fy_graph_free(g);
    return st;
}

/* Another graph over the same parameters. Whoever reads one gets its newest value, whichever plan
 * moved it. */
static fy_status test(fy_device *dev, fy_model *net, const fy_dataset *data, float *accuracy)
{
    fy_graph *g = NULL;
    fy_plan *plan = NULL;
    fy_tensor *images = NULL, *labels = NULL;
    fy_status st;

    /* No objective, so nothing is moved: the plan only computes its outputs. */
    FY_TRY(fy_graph_new(&g));
    const fy_node x = fy_input(g, "x", FY_F32, FY_SHAPE(N_TEST, 1, 28, 28));
    const fy_node y = fy_input(g, "y", FY_I32, FY_SHAPE(N_TEST));
    const fy_node right = fy_accuracy(g, fy_model_apply(g, net, x, FY_EVAL), y);
    const fy_plan_opts po = { .outputs = &right, .n_outputs = 1 };
    FY_TRY(fy_plan_new(g, dev, &po, &plan));
    FY_TRY(fy_dataset_read(data, NULL, 0, &images, &labels));
    FY_TRY(fy_plan_feed(plan, x, fy_tensor_data(images)));
    FY_TRY(fy_plan_feed(plan, y, fy_tensor_data(labels)));
    FY_TRY(fy_plan_step(plan));
    FY_TRY(fy_plan_read(plan, right, accuracy, 1));
done:
    fy_tensor_free(labels);
    fy_tensor_free(images);
    fy_plan_free(plan);
    fy_graph_free(g);
    return st;
}

int main(void)
{
    fy_device *dev = NULL;
    fy_dataset *train_set = NULL, *test_set = NULL;
    fy_model *net = NULL;
    float accuracy = 0;
    fy_status st;

    FY_TRY(fy_device_open("cpu", &dev));
    FY_TRY(draw(/*seed*/ 1, 2000, &train_set));
    FY_TRY(draw(/*seed*/ 2, N_TEST, &test_set));
    FY_TRY(open_net(&net));
    FY_TRY(train(dev, net, train_set));
    FY_TRY(test(dev, net, test_set, &accuracy));
    printf("accuracy on digits never seen: %.1f%%\n", 100 * (double)accuracy);
done:
    if (st != FY_OK)
        fprintf(stderr, "train_digits: %s\n", fy_last_error());
    fy_model_free(net);
    fy_dataset_free(test_set);
    fy_dataset_free(train_set);
    fy_device_close(dev);
    /* The tests run this program: one that learns nothing fails. */
    return st == FY_OK && accuracy > 0.9f ? 0 : 1;
}
