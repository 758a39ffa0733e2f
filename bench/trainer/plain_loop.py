"""The official training step and attack in plain PyTorch, without anything of archsweep: what it is compared with.

A pre-activation residual network of basic blocks, the TRADES step of the recipe "bat" with one batch-norm group, and
PGD-20 as the evaluation script runs it. Weights are frozen and norms in evaluation mode while an attack runs, and the
natural logits of TRADES are computed once, as in the official code.
"""
import torch
import torch.nn.functional as F
from torch import nn

RADIUS = 8 / 255


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.shortcut = None
        if stride > 1 or inputs != outputs:
            self.shortcut = nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False)

    def forward(self, x):
        activated = F.relu(self.bn1(x))
        residual = self.conv2(F.relu(self.bn2(self.conv1(activated))))
        return residual + (self.shortcut(activated) if self.shortcut else x)


class Network(nn.Module):
    def __init__(self, depth, width, classes=10):
        super().__init__()
        self.stem_conv = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        channels = 16
        blocks = []
        for stage in range(3):
            planes = (16, 32, 64)[stage] * width[stage]
            for place in range(depth[stage]):
                blocks.append(Block(channels, planes, 2 if stage > 0 and place == 0 else 1))
                channels = planes
        self.blocks = nn.Sequential(*blocks)
        self.norm1 = nn.BatchNorm2d(channels)
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        x = F.relu(self.norm1(self.blocks(self.stem_conv(x))))
        return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))


def divergence(natural, adversarial):
    return F.kl_div(F.log_softmax(adversarial, dim=1), F.softmax(natural, dim=1), reduction="sum")


def ascend(net, images, start, steps, step_size, loss_at):
    point = start
    for _ in range(steps):
        point = point.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(loss_at(net(point)), [point])
        with torch.no_grad():
            point = point + step_size * gradient.sign()
            point = torch.min(torch.max(point, images - RADIUS), images + RADIUS).clamp(0, 1)
    return point.detach()


def set_trainable(net, trainable):
    net.train(trainable)
    for parameter in net.parameters():
        parameter.requires_grad_(trainable)


def train_step(net, optimiser, images, labels, attack_steps):
    set_trainable(net, False)
    with torch.no_grad():
        clean = net(images)
    start = images + 0.001 * torch.randn(images.shape).to(images.device)
    adversarial = ascend(net, images, start, attack_steps, 2 / 255, lambda logits: divergence(clean, logits))
    set_trainable(net, True)
    optimiser.zero_grad()
    natural, robust = net(images), net(adversarial)
    loss = F.cross_entropy(natural, labels) + 6.0 * divergence(natural, robust) / len(images)
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 5.0)
    optimiser.step()
    return loss.item()


def pgd20(net, images, labels):
    """Of a frozen network."""
    start = images + torch.empty(images.shape).uniform_(-RADIUS, RADIUS).to(images.device)
    attacked = ascend(net, images, start, 20, 0.8 / 255, lambda logits: F.cross_entropy(logits, labels))
    with torch.no_grad():
        return (net(attacked).argmax(1) == labels).double().mean().item()


def calls(net, images, labels, forward, gradient):
    """Of a frozen network: so many images forward, and so many more forward and back, in batches of the given ones."""
    for _ in range(0, forward, len(images)):
        with torch.no_grad():
            net(images)
    for _ in range(0, gradient, len(images)):
        point = images.detach().requires_grad_()
        torch.autograd.grad(F.cross_entropy(net(point), labels, reduction="sum"), [point])
