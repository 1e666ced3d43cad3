"""What single networks for pictures promise beyond the shelf's contract."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from glia.core.constraints import check_options
from glia.core.errors import UsageError
from glia.core.values import Batch, Spec
from glia.nets.blocks.patch_block import PatchBlock
from glia.nets.blocks.planes import BatchNorm2d
from glia.nets.blocks.points import points
from glia.nets.blocks.shortcuts import DropPath, Shortcut
from glia.nets.blocks.views import Views
from glia.nets.blocks.whitening import Whitening
from glia.nets.detector import Detector
from glia.nets.resnet import ResNet
from glia.nets.sprint import Sprint
from glia.nets.unet import UNet
from glia.nets.vae import VAE
from glia.nets.vit import ViT

CLASSES = Spec(("class",), (10,))


def picture(channels: int, height: int, width: int) -> Spec:
    return Spec(("channel", "height", "width"), (channels, height, width), "uint8")


def pictures(n: int, channels: int, height: int, width: int) -> Batch:
    image = torch.randint(0, 256, (n, channels, height, width), dtype=torch.uint8)
    return Batch({"image": image}, torch.ones(n), torch.arange(n))


def weights(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


@pytest.mark.parametrize(
    ("depth", "size", "published"),
    [
        (18, 224, 11_689_512),
        (34, 224, 21_797_672),
        (50, 224, 25_557_032),
        (20, 32, 272_474),
        (32, 32, 466_906),
        (44, 32, 661_338),
        (56, 32, 855_770),
    ],
)
def test_a_resnet_has_as_many_weights_as_the_published_one(depth: int, size: int, published: int) -> None:
    # The narrow ones are published with shortcuts without weights (0.27 M, 0.46 M, ...); ours have two 1 x 1 ones.
    extra = {20: 2752, 32: 2752, 44: 2752, 56: 2752}.get(depth, 0)
    net = ResNet({"image": picture(3, size, size)}, Spec(("class",), (1000 if size == 224 else 10,)), depth=depth)
    shortcuts = sum(weights(m.shortcut) for m in net.modules() if isinstance(m, Shortcut) and m.shortcut)
    assert weights(net) - (shortcuts - extra if extra else 0) == published


def test_a_resnet_without_shortcuts_has_the_same_layers_and_no_others() -> None:
    inputs = {"image": picture(3, 32, 32)}
    plain, residual = (ResNet(inputs, CLASSES, depth=20, skip=skip) for skip in (False, True))
    names = {name for name, _ in plain.named_parameters()}
    assert names == {name for name, _ in residual.named_parameters() if ".shortcut." not in name}


def test_residual_blocks_begin_as_their_shortcut() -> None:
    net = ResNet({"image": picture(3, 16, 16)}, CLASSES, depth=20, width=4)
    block = next(m for m in net.modules() if isinstance(m, Shortcut) and m.shortcut is None)
    x = torch.rand(2, 4, 8, 8)
    assert torch.equal(block.eval()(x), x)


def test_depth_is_one_of_those_that_exist() -> None:
    assert check_options(ResNet, {"depth": "34"}, "net") == {"depth": 34}
    with pytest.raises(UsageError, match="among 9, 18"):
        check_options(ResNet, {"depth": 19}, "net")


def test_batch_norm_of_a_single_value_uses_what_it_knows() -> None:
    norm = BatchNorm2d(2).train()
    before = norm.running_mean.clone()
    assert torch.equal(norm(torch.ones(1, 2, 1, 1)), norm.eval()(torch.ones(1, 2, 1, 1)))
    assert torch.equal(norm.running_mean, before)


def test_a_path_is_left_out_for_whole_rows_and_keeps_the_mean() -> None:
    dropped = DropPath(0.25).train()(torch.ones(4000, 2, 2))
    assert ((dropped == 0).flatten(1).all(1) | (dropped > 0).flatten(1).all(1)).all()
    assert abs(float(dropped.mean()) - 1) < 0.05


def test_whitened_patches_are_uncorrelated_and_of_one_size() -> None:
    smooth = F.avg_pool2d(torch.randn(200, 3, 20, 20), 3, 1)
    layer = Whitening(3)
    layer.learn(smooth)
    out = layer(smooth)[:, :12].transpose(0, 1).flatten(1)
    covariance = out @ out.T / out.shape[1]
    assert (covariance - torch.diag(covariance.diag())).abs().max() < 1e-3
    assert covariance.diag().max() / covariance.diag().median() < 1.2
    assert torch.equal(layer.filters[:12], -layer.filters[12:])


def test_a_sprint_is_primed_by_pictures_alone_and_keeps_that_in_its_state() -> None:
    net, batch = Sprint({"image": picture(3, 32, 32)}, CLASSES, width=4), pictures(20, 3, 32, 32)
    before = net.state_dict()["whiten.filters"].clone()
    net.prime(batch)
    assert not torch.equal(before, net.state_dict()["whiten.filters"])
    assert "whiten.filters" not in dict(net.named_parameters())


def test_rates_of_norms_are_factors_and_their_decay_stays_the_same() -> None:
    factors = Sprint({"image": picture(3, 32, 32)}, CLASSES, width=4, bias_lr=10).factors()
    assert len(factors) == 6
    assert all(wish["lr"] * wish["weight_decay"] == pytest.approx(1) for wish in factors.values())


def test_a_unet_sees_every_place_alike() -> None:
    asked = Spec(("class", "height", "width"), (2, 96, 96))
    net = UNet({"image": picture(1, 96, 96)}, asked, width=4, levels=2).eval()
    batch = pictures(1, 1, 96, 96)
    moved = batch.having(image=batch.values["image"].roll((4, 8), (2, 3)))
    inner = slice(46, 56)
    torch.testing.assert_close(
        net(batch).roll((4, 8), (2, 3))[..., inner, inner], net(moved)[..., inner, inner], rtol=1e-3, atol=1e-3
    )


def test_details_reach_the_answer_of_a_unet_past_its_lower_levels() -> None:
    net = UNet({"image": picture(1, 32, 32)}, Spec(("class", "height", "width"), (2, 32, 32)), width=4, levels=2).eval()
    for level in net.narrow:
        nn.init.zeros_(level.norm.weight)
        nn.init.zeros_(level.norm.bias)
    batch = pictures(1, 1, 32, 32)
    assert not torch.allclose(net(batch), net(batch.having(image=255 - batch.values["image"])))


def test_a_detector_begins_with_rare_objects_and_boxes_around_their_places() -> None:
    net = Detector({"image": picture(3, 96, 64)}, Spec(("box", "class"), (None, 2)), width=8)
    out = net.eval()(pictures(2, 3, 96, 64))
    assert out.shape == (2, 24 * 16 + 12 * 8 + 6 * 4, 8)
    assert (out[..., 6:].sigmoid() - 0.01).abs().max() < 0.005
    inside = (out[..., :2] < out[..., 4:6]) & (out[..., 4:6] < out[..., 2:4])
    assert inside.all()


def test_places_cover_a_picture_map_by_map() -> None:
    found = points(24, 40, (8, 16))
    assert found.shape == (3 * 5 + 2 * 3, 3)
    assert found[:15, 0].unique().tolist() == [4.0, 12.0, 20.0, 28.0, 36.0]
    assert found[15:, 2].unique().tolist() == [16.0]


def test_a_vae_draws_in_training_only_and_decodes_codes_it_is_given() -> None:
    net = VAE({"image": picture(1, 16, 16)}, Spec(("channel", "height", "width"), (1, 16, 16)), code=3, width=4)
    batch = pictures(2, 1, 16, 16)
    assert torch.equal(net.eval()(batch), net(batch))
    out = net(batch)
    assert out.shape == (2, 256 + 6)
    torch.testing.assert_close(net(batch.having(latent=out[:, 256:259])), out[:, :256])
    net.train()
    torch.manual_seed(0)
    assert not torch.equal(net(batch)[:, :256], net(batch)[:, :256])


@pytest.mark.parametrize(("pool", "asking"), [("mean", None), ("token", 1)])
def test_a_vit_shows_who_looked_at_whom(pool: str, asking: int | None) -> None:
    options = {"width": 16, "depth": 2, "heads": 2, "registers": 3, "pool": pool}
    net = ViT({"image": picture(1, 28, 28)}, CLASSES, **options).eval()
    seen = net.attention(pictures(3, 1, 28, 28))
    assert [tuple(w.shape) for w in seen] == [(3, 2, net.tokens, net.tokens), (3, 2, asking or net.tokens, net.tokens)]
    torch.testing.assert_close(seen[0].sum(-1), torch.ones(3, 2, net.tokens))


@pytest.mark.parametrize(("stem", "tokens"), [("patch", 5 * 4), ("conv", 4 * 4)])
def test_a_vit_cuts_patches_either_way(stem: str, tokens: int) -> None:
    net = ViT({"image": picture(3, 33, 30)}, CLASSES, width=16, depth=1, heads=2, stem=stem, registers=4)
    assert net.tokens == tokens + 4
    assert net(pictures(2, 3, 33, 30)).shape == (2, 10)


@pytest.mark.parametrize(
    ("side", "patch", "places"), [(8, 2, 16), (16, 4, 16), (28, 8, 16), (32, 8, 16), (64, 8, 64), (224, 32, 49)]
)
def test_a_vit_has_about_four_patches_a_side_and_eight_of_larger_pictures(side: int, patch: int, places: int) -> None:
    net = ViT({"image": picture(1, side, side)}, CLASSES, width=8, depth=1, heads=2)
    assert (net.patch, net.tokens) == (patch, places)


@pytest.mark.parametrize("patch", [1, 3, 8, 16, 64])
@pytest.mark.parametrize("stem", ["patch", "conv"])
def test_a_vit_takes_patches_of_any_size(patch: int, stem: str) -> None:
    net = ViT({"image": picture(1, 9, 20)}, CLASSES, width=8, depth=1, heads=2, patch=patch, stem=stem).eval()
    assert net.tokenized(pictures(2, 1, 9, 20)).shape == (2, net.tokens, 8)


@pytest.mark.parametrize("pool", ["mean", "token"])
def test_every_block_of_a_vit_begins_as_its_shortcut(pool: str) -> None:
    net = ViT({"image": picture(1, 16, 16)}, CLASSES, width=8, depth=3, heads=2, registers=2, pool=pool).eval()
    batch = pictures(2, 1, 16, 16)
    tokens = net.tokenized(batch)
    answer = tokens[:, :1] if pool == "token" else tokens[:, 2:]
    torch.testing.assert_close(net.features(batch), net.last(answer).mean(1))


def test_a_vit_looks_as_its_attention_weights_say() -> None:
    block = PatchBlock(8, 2, 16)
    for parameter in block.parameters():
        nn.init.normal_(parameter)
    nn.init.zeros_(block.contract.weight)
    nn.init.zeros_(block.contract.bias)
    tokens = torch.randn(3, 5, 8)
    values = block.asked(block.looking_norm(tokens))[..., 16:].unflatten(2, (2, 4)).transpose(1, 2)
    looked = (block.weights(tokens) @ values).transpose(1, 2).flatten(2)
    torch.testing.assert_close(block(tokens), tokens + block.gathered(looked), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(block(tokens, 2), block(tokens)[:, :2])


def test_a_vit_knows_where_its_patches_stand() -> None:
    net = ViT({"image": picture(1, 32, 24)}, CLASSES, width=16, depth=1, heads=2)
    places = net.places.detach().unflatten(0, (4, 3))
    torch.testing.assert_close(places[:, 0, :8], places[:, 2, :8])  # a row's half
    torch.testing.assert_close(places[0, :, 8:], places[3, :, 8:])  # a column's
    assert torch.cdist(net.places, net.places).fill_diagonal_(1).min() > 0.05


@pytest.mark.parametrize(("mirror", "shift", "count"), [(False, 0, 1), (True, 0, 2), (False, 1, 3), (True, 2, 6)])
def test_views_are_the_weighted_mean_of_as_many_answers_as_they_say(mirror: bool, shift: int, count: int) -> None:
    seen: list[torch.Tensor] = []

    def net(batch: Batch) -> torch.Tensor:
        seen.append(batch.values["image"])
        return batch.values["image"].float().flatten(1)

    batch = pictures(2, 1, 9, 9)
    answer = Views(net, mirror=mirror, shift=shift)(batch)
    assert len(seen) == count == Views(net, mirror=mirror, shift=shift).count
    image = batch.values["image"].float()
    wide = F.pad(image, (shift,) * 4, "reflect") if shift else image
    parts = [(0.5, image), (0.25, wide[..., :9, :9]), (0.25, wide[..., -9:, -9:])] if shift else [(1.0, image)]
    wanted = sum(share * ((view + view.flip(3)) / 2 if mirror else view) for share, view in parts)
    torch.testing.assert_close(answer, wanted.flatten(1))


@pytest.mark.parametrize("shift", [0, 2])
def test_views_of_every_pixel_are_moved_back(shift: int) -> None:
    batch = pictures(2, 3, 12, 9)
    answer = Views(lambda rows: rows.values["image"].float(), shift=shift)(batch)
    inside = (..., slice(shift, 12 - shift), slice(shift, 9 - shift))
    torch.testing.assert_close(answer[inside], batch.values["image"].float()[inside])
    assert answer.shape == (2, 3, 12, 9)


def test_the_norms_of_a_sprint_forget_quickly_as_their_recipe_wants() -> None:
    image = Spec(("channel", "height", "width"), (3, 32, 32), "uint8", center=(120.0,) * 3, spread=(60.0,) * 3)
    net = Sprint({"image": image}, Spec(("class",), (10,)), width=8)
    norms = [one for one in net.modules() if hasattr(one, "running_mean") and one.running_mean is not None]
    assert [one.momentum for one in norms] == [0.4] * 6
    net.train()(Batch({"image": torch.full((4, 3, 32, 32), 255)}, torch.ones(4), torch.arange(4)))
    kept = [one.running_var.mean().item() for one in norms]
    assert all(share < 0.7 for share in kept), "one batch of a plain picture takes two fifths of the first guess of 1"


def test_a_unet_answers_large_pictures_coarsely_and_cleans_every_pixel() -> None:
    image = picture(3, 150, 130)
    classes, clean = (Spec((axis, "height", "width"), (3, 150, 130)) for axis in ("class", "channel"))
    rows = Batch({"image": torch.zeros(1, 3, 150, 130)}, torch.ones(1), torch.arange(1))
    coarse, fine = UNet({"image": image}, classes, width=4), UNet({"image": image}, clean, width=4)
    assert (coarse.stride, fine.stride) == (2, 1)
    assert coarse.features(rows).shape == (1, 4, 80, 80)  # padded to 160 x 160
    assert coarse(rows).shape == fine(rows).shape == (1, 3, 150, 130)
    assert UNet({"image": picture(3, 128, 96)}, Spec(classes.axes, (3, 128, 96)), width=4).stride == 1
    bright = torch.zeros(1, 3, 150, 130)
    bright[..., 100:, :] = 255
    changed = (coarse.eval()(rows.having(image=bright)) - coarse(rows)).abs().amax((0, 1, 3))
    assert changed[120:].min() > changed[:4].max(), "an answer is about its own place"
    with pytest.raises(UsageError, match="power of two"):
        UNet({"image": image}, classes, stride=3)
