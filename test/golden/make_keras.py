# Small models of Keras with random weights, as .keras and .h5 files, and what Keras computes with them; Keras 3.15.1 on JAX 0.10.2
# wrote keras-models.json.gz:
#   pip install keras jax && KERAS_BACKEND=jax python3 test/golden/make_keras.py
import base64, gzip, io, json, os, pathlib, tempfile, zipfile
import h5py, keras, numpy as np
from keras import layers as L, ops

random = np.random.default_rng(34)


def functional():
    x = keras.Input((None, None, 3), name="picture")
    conv = lambda filters, **options: L.Conv2D(filters, 3, padding="same", **options)
    a = L.BatchNormalization()(conv(6, activation="relu", name="first")(x))
    b = L.DepthwiseConv2D(3, padding="same", depth_multiplier=2, activation="silu")(a)
    c = L.SeparableConv2D(6, 3, padding="same", activation="gelu")(b)
    d = L.PReLU(shared_axes=[1, 2])(L.Add()([a, c]))
    half = conv(8, strides=2, activation="hard_sigmoid")(d)
    back = L.Conv2DTranspose(4, 3, strides=2, padding="same", use_bias=False)(half)
    up = L.UpSampling2D(2, interpolation="bilinear")(L.MaxPooling2D(2)(d))
    mean = L.AveragePooling2D(3, strides=1, padding="same")(d)
    wide = L.ZeroPadding2D(((1, 0), (0, 1)))(L.Concatenate()([back, up, mean]))
    y = L.Conv2D(3, 2, activation="hard_silu")(wide)
    z = L.Multiply()([y, L.LeakyReLU(0.1)(x)])
    once = L.Conv2D(3, 1, dilation_rate=1, groups=3, name="shared")
    return keras.Model(x, L.Dense(3)(once(once(z))), name="net")


def sequential():
    return keras.Sequential(
        [
            keras.Input((16, 24, 3)),
            L.Rescaling(1 / 255),
            L.Conv2D(4, 3, strides=2, activation="relu6"),
            L.BatchNormalization(scale=False),
            L.Cropping2D(((0, 1), (1, 0))),
            L.Flatten(),
            L.Dense(12, activation="softplus"),
            L.Dropout(0.5),
            L.Reshape((2, 3, 2)),
            L.LayerNormalization(),
            L.GlobalAveragePooling2D(),
            L.Dense(5, activation="softmax"),
        ]
    )


def inner(channels, name):
    """A block with arithmetic of keras.ops in it, whose layers have the names of those outside."""
    x = keras.Input((None, None, channels))
    y = L.BatchNormalization(name="norm")(L.Conv2D(channels, 3, padding="same", name="conv")(x))
    return keras.Model(x, ops.relu(y) * 0.5 + x, name=name)


def nested():
    x = keras.Input((None, None, 3), name="picture")
    first = L.Conv2D(4, 3, padding="same", name="conv")(x)
    block = inner(4, "block")
    deep = keras.Sequential([L.DepthwiseConv2D(3, padding="same"), L.PReLU(shared_axes=[1, 2])], name="deep")
    last = keras.Sequential([L.Conv2D(4, 1), deep, inner(4, "last_block")], name="last")
    y = last(block(block(first)))
    y = (1 - y) / 2.0 - np.array([0.1, 0.2, 0.3, 0.4], "float32")
    y = ops.concatenate([-y, ops.clip(first, -0.5, 0.5), ops.gelu(y)], axis=-1) ** 2
    y = ops.leaky_relu(y - ops.mean(y, axis=[1, 2], keepdims=True), 0.1)
    y = ops.maximum(y, ops.sigmoid(y) - 1) * ops.softmax(y)
    y = ops.depth_to_space(L.Conv2D(12, 1, name="tail")(y), 2)
    return keras.Model(x, y + L.UpSampling2D(2, interpolation="bicubic")(x), name="net")


def chain():
    """Models inside a Sequential, the first of which says what it takes."""
    first = keras.Sequential([keras.Input((16, 24, 3)), L.Conv2D(4, 3, name="conv")], name="first")
    return keras.Sequential([first, inner(4, "second"), L.Conv2D(2, 1, name="conv")])


def of(array):
    array = np.ascontiguousarray(array, np.float32)
    return {"shape": list(array.shape), "data": base64.b64encode(array.tobytes()).decode()}


def without_names(archive):
    """As Keras 3.0 wrote: variables in groups called after classes, without the layers' names."""
    old, new = zipfile.ZipFile(io.BytesIO(archive)), io.BytesIO()
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(new, "w") as written:
        file = old.extract("model.weights.h5", folder)
        with h5py.File(file, "a") as store:
            store.visititems(lambda _, entry: entry.attrs.pop("name", None) and None)
        for name in old.namelist():
            written.writestr(name, open(file, "rb").read() if name.endswith(".h5") else old.read(name))
    return new.getvalue()


golden = {}
for kind, model in {"functional": functional(), "sequential": sequential(), "nested": nested(), "chain": chain()}.items():
    weights = []
    for w in model.get_weights():
        scale = 1 / np.sqrt(w.size / w.shape[-1]) if w.ndim > 1 else 0.3
        weights.append(random.uniform(-scale, scale, w.shape) + (0 if w.ndim > 1 else 0.5))
    model.set_weights(weights)
    x = random.uniform(0, 1, (1, 16, 24, 3)).astype(np.float32)
    if kind == "sequential":
        x *= 255
    files = {}
    with tempfile.TemporaryDirectory() as folder:
        for ending in ("keras", "h5"):
            file = os.path.join(folder, f"model.{ending}")
            model.save(file)
            files[ending] = pathlib.Path(file).read_bytes()
    files["keras-3.0"] = without_names(files["keras"])
    golden[kind] = {
        "files": {name: base64.b64encode(data).decode() for name, data in files.items()},
        "input": of(x),
        "output": of(model.predict(x, verbose=0)),
    }

x = keras.Input((8, 8, 3))
with tempfile.TemporaryDirectory() as folder:
    keras.Model(x, ops.cumsum(L.Conv2D(3, 1)(x), axis=1)).save(f"{folder}/m.keras")
    golden["operation"] = base64.b64encode(pathlib.Path(f"{folder}/m.keras").read_bytes()).decode()
    keras.Sequential([keras.Input((8, 8, 3)), L.Conv2D(3, 1)]).save_weights(f"{folder}/m.weights.h5")
    golden["weights"] = base64.b64encode(pathlib.Path(f"{folder}/m.weights.h5").read_bytes()).decode()
file = pathlib.Path(__file__).with_name("keras-models.json.gz")
file.write_bytes(gzip.compress(json.dumps(golden).encode(), mtime=0))
