/* augment.c: digits that are shifted, turned, erased and mixed each time they are shown, learnt from by
 * a loss over mixed labels. Needs no files. */
#include <ferry/ferry.h>

#include <stdio.h>

enum { BATCH = 20, CLASSES = 10, SIZE = 16 };

static fy_status draw(fy_dataset **out)
{
    fy_digits_opts o = fy_digits_defaults(FY_DIGITS_CLEAN);
    o.n = 500;
    o.size_px = SIZE;
    return fy_digits_open(&o, out);
}

static fy_status open_loader(const fy_dataset *data, fy_loader **out)
{
    fy_loader_opts lo = fy_loader_defaults();
    fy_augment a = fy_augment_none();
    fy_status st;

    fy_transform warp = fy_transform_defaults(FY_TRANSFORM_WARP);
    warp.warp.rotate_deg = 5;
    warp.warp.shift_frac = 0.05f;
    FY_TRY(fy_augment_add(&a, &warp));
    fy_transform erase = fy_transform_defaults(FY_TRANSFORM_ERASE);
    erase.erase.prob = 0.1f;
    FY_TRY(fy_augment_add(&a, &erase));
    a.mix.mixup_alpha = 0.2f;

    lo.batch = BATCH;
    lo.augment = &a; /* copied */
    FY_TRY(fy_loader_open(data, &lo, out));
done:
    return st;
}

static fy_status train(fy_run *run, fy_device *dev, fy_loader *loader, fy_model *net)
{
    const fy_optim adam = fy_adam(1e-2f);
    fy_graph *g = NULL;
    fy_status st;

    FY_TRY(fy_graph_new(&g));
    /* A row of q says how much of each class is to be seen; their mean cross-entropy is the loss. */
    const fy_node x = fy_input(g, "x", FY_F32, FY_SHAPE(BATCH, 1, SIZE, SIZE));
    const fy_node q = fy_input(g, "q", FY_F32, FY_SHAPE(BATCH, CLASSES));
    const fy_node log_p = fy_log_softmax(g, fy_model_apply(g, net, x, FY_TRAIN));
    const fy_node loss = fy_affine(g, fy_sum_all(g, fy_mul(g, q, log_p)), -1.0f / BATCH, 0);
    const fy_objective task = fy_objective_add(g, "task", loss, &adam);
    fy_objective_moves_model(g, task, net, "*", NULL);

    fy_stage s = fy_stage_defaults("train", g);
    s.streams[0] = (fy_stream){ .loader = loader, .x = x, .q = q };
    s.n_streams = 1;
    s.steps = 300;
    FY_TRY(fy_stage_run(run, dev, &s));
done:
    fy_graph_free(g);
    return st;
}

/* Of the digits as they were drawn. */
static fy_status count_right(fy_device *dev, fy_model *net, const fy_dataset *data, int *n_right)
{
    fy_predictor *p = NULL;
    fy_tensor *logits = NULL, **outs[] = { &logits };
    int32_t predicted[500], label;
    fy_status st;

    *n_right = 0;
    FY_TRY(fy_predictor_new(dev, &net, 1, 100, &p));
    FY_TRY(fy_predict(p, data, outs));
    FY_TRY(fy_classes_of(logits, predicted));
    for (int i = 0; i < 500; i++) {
        FY_TRY(fy_dataset_label(data, i, &label));
        *n_right += predicted[i] == label;
    }
done:
    fy_tensor_free(logits);
    fy_predictor_free(p);
    return st;
}

int main(void)
{
    const fy_run_opts where = fy_run_defaults();
    fy_model_opts mo = fy_model_defaults();
    fy_device *dev = NULL;
    fy_dataset *data = NULL;
    fy_loader *loader = NULL;
    fy_model *net = NULL;
    fy_run *run = NULL;
    int n_right = 0;
    fy_status st;

    mo.input = FY_SHAPE(1, SIZE, SIZE);
    mo.n_classes = CLASSES;
    FY_TRY(fy_device_open("cpu", &dev));
    FY_TRY(draw(&data));
    FY_TRY(open_loader(data, &loader));
    FY_TRY(fy_model_open("linear", "net", &mo, &net));
    FY_TRY(fy_run_open(&where, &run));
    FY_TRY(train(run, dev, loader, net));
    FY_TRY(count_right(dev, net, data, &n_right));
    printf("right on the digits as they were drawn: %d of 500\n", n_right);
done:
    if (st != FY_OK)
        fprintf(stderr, "augment: %s\n", fy_last_error());
    fy_run_close(run);
    fy_model_free(net);
    fy_loader_close(loader);
    fy_dataset_free(data);
    fy_device_close(dev);
    /* The tests run this program: one that learns nothing fails. */
    return st == FY_OK && n_right > 400 ? 0 : 1;
}
