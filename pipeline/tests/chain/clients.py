"""Clients of the two clouds on loopback that the tests need."""

from __future__ import annotations

from typing import Any

from runner.clients import Clients

# Services of moto, because the embedded AWS only records their calls: moto delivers messages and metrics, and takes its
# endpoints through a life.
OF_MOTO = {"cloudwatch", "sagemaker", "sns", "sqs", "stepfunctions"}


class ChainClients(Clients):
    """Asks the embedded AWS, and moto where the embedded AWS does less than a test needs."""

    def __init__(self, embedded: str, moto: str, region: str, account: str) -> None:
        super().__init__(embedded, region, account)
        self.of_embedded = Clients(embedded, region, account)
        self.of_moto = Clients(moto, region, account)
        self.of_embedded.played = self.of_moto.played = self.played

    def client(self, service_name: str, region_name: str | None = None, **_: Any) -> Any:
        clients = self.of_moto if service_name in OF_MOTO else self.of_embedded
        return clients.client(service_name, region_name)
