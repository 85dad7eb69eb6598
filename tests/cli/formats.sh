# Weights files of every format, by their content and not by their name; and those that are none.
. "$(dirname "$0")/lib/check.bash"
golden=$FERRY_SOURCE/tests/golden

expect 0 inspect "$golden/python.safetensors"
says out.txt "safetensors: 4 tensors, 10 values"
says out.txt "format         np"
expect 0 inspect "$golden/torch/nested.pth"
says out.txt "module.fc.weight"
says out.txt "PyTorch zip: 2 tensors, 3 values"
says out.txt "epoch          3"
expect 0 inspect "$golden/torch/nested_legacy.pth"
says out.txt "PyTorch legacy: 2 tensors, 3 values"
expect 0 inspect "$golden/npy/packed.npz"
says out.txt "half                                     F16    [3]"
says out.txt "npz: 2 tensors, 4099 values"
cp "$golden/npy/f4.npy" conv1.weight
expect 0 inspect ./conv1.weight
says out.txt "conv1.weight                             F32    [2, 3]"
cp "$golden/torch/zip.pth" model.safetensors
expect 0 inspect model.safetensors
says out.txt "PyTorch zip: 20 tensors"

expect 1 inspect "$golden/torch/evil.pth"
says err.txt "asks for 'posix.system', which Ferry neither knows nor runs"
[ ! -e harm ] || fail "something was run"
expect 1 inspect "$golden/torch/module.pth"
says err.txt "save model.state_dict() alone"
expect 1 inspect "$golden/npy/object.npy"
says err.txt "Python objects"
expect 1 inspect "$golden/zip/up.zip"
says err.txt "leads out of the archive"
head -c 100 "$golden/torch/zip.pth" > cut.pth
expect 1 inspect cut.pth
says err.txt "cut.pth"
expect 1 eval --weights "$golden/torch/nested.pth" --model lenet --data digits:clean:50
says err.txt "nothing of it fits"

# One of several dictionaries, and what of it fits.
expect 0 inspect "$golden/torch/parts.pth"
says out.txt "PyTorch zip: 2 tensors, 2355 values"
expect 0 inspect "$golden/torch/parts.pth" --part ema
says out.txt "teacher.fc.bias"
expect 1 inspect "$golden/python.safetensors" --part ema
says err.txt "is safetensors, which has no parts such as 'ema'"
expect 0 inspect --model linear --classes 3 --weights "$golden/torch/parts.pth" --part ema --prefix student.
says out.txt "'student.' was taken off the file's names"
expect 2 inspect "$golden/torch/parts.pth" --prefix student.
says err.txt "'--prefix' is for families"
finish
