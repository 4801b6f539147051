"""What all models of the admin API are: values, which hold what they name and nothing else."""

from pydantic import BaseModel, ConfigDict


class AdminModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
