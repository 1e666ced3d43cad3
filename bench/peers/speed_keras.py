"""Keras 3 on either backend, networks written as its own examples write them, and scikit-learn's perceptron."""

from __future__ import annotations

from typing import Any

__all__ = ["keras", "sklearn"]


def _cnn(layers: Any, inputs: Any) -> Any:
    x = inputs
    for width in (32, 64):
        x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
        x = layers.MaxPooling2D(2)(layers.ReLU()(layers.BatchNormalization()(x)))
    return layers.Dense(10)(layers.Flatten()(x))


def _block(layers: Any, x: Any, width: int, pool: int = 1) -> Any:
    x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    return layers.MaxPooling2D(pool)(x) if pool > 1 else x


def _resnet(layers: Any, inputs: Any) -> Any:
    x = _block(layers, _block(layers, inputs, 32), 64, 2)
    x = layers.Add()([x, _block(layers, _block(layers, x, 64), 64)])
    x = _block(layers, _block(layers, x, 128, 2), 256, 2)
    x = layers.Add()([x, _block(layers, _block(layers, x, 256), 256)])
    return layers.Dense(10)(layers.Flatten()(layers.MaxPooling2D(4)(x)))


def _lstm(layers: Any, inputs: Any) -> Any:
    return layers.Dense(65)(layers.LSTM(128)(layers.Embedding(65, 128)(inputs)))


def _transformer(layers: Any, inputs: Any) -> Any:
    import keras

    places = layers.Embedding(64, 128)(keras.ops.arange(64))
    x = layers.Embedding(65, 128)(inputs) + places
    for _ in range(4):
        y = layers.LayerNormalization(epsilon=1e-5)(x)
        x = x + layers.MultiHeadAttention(4, 32)(y, y, use_causal_mask=True)
        y = layers.LayerNormalization(epsilon=1e-5)(x)
        x = x + layers.Dense(128)(layers.Dense(512, activation="gelu")(y))
    return layers.Dense(65)(layers.LayerNormalization(epsilon=1e-5)(x[:, -1]))


def _perceptron(layers: Any, inputs: Any, hidden: int, classes: int) -> Any:
    x = layers.Dense(hidden, activation="relu")(inputs)
    return layers.Dense(classes)(layers.Dense(hidden, activation="relu")(x))


def keras(name: str, data: Any, batch: int, epochs: int) -> Any:
    """Compile and fit."""
    import keras as k

    k.utils.set_random_seed(0)
    x, x_test = data["x"], data["x_test"]
    if x.ndim == 4:  # Keras lays pictures out with channels last
        x, x_test = x.transpose(0, 2, 3, 1).copy(), x_test.transpose(0, 2, 3, 1).copy()
    inputs = k.Input(x.shape[1:], dtype=str(x.dtype))
    bodies = {"cnn": _cnn, "resnet": _resnet, "lstm": _lstm, "transformer": _transformer}
    if name in bodies:
        out = bodies[name](k.layers, inputs)
    else:
        out = _perceptron(k.layers, inputs, 64 if name == "tiny" else 512, 2 if name == "adult" else 10)
    model = k.Model(inputs, out)
    loss = k.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=k.optimizers.Adam(1e-3), loss=loss)
    model.fit(x, data["y"], batch_size=batch, epochs=epochs, verbose=0)
    return lambda: model.predict(x_test, batch_size=500, verbose=0).argmax(1)


def sklearn(name: str, data: Any, batch: int, epochs: int) -> Any:
    """Fit an MLPClassifier for so many passes."""
    import warnings

    from sklearn.neural_network import MLPClassifier

    warnings.filterwarnings("ignore")
    hidden = 64 if name == "tiny" else 512
    model = MLPClassifier(
        (hidden, hidden), alpha=0.0, batch_size=batch, max_iter=epochs, tol=0.0, n_iter_no_change=epochs, random_state=0
    )
    model.fit(data["x"], data["y"])
    return lambda: model.predict(data["x_test"])
