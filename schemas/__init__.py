"""What a document, a ledger row, a recipe, a manifest *is*: one typed declaration each.

Nothing here does anything; nothing here imports another room.
"""

from colophon.schemas.canonical import canonical_digest, canonical_json
from colophon.schemas.document import Document, ReadOptions, Unreadable
from colophon.schemas.errors import CheckFailed, ColophonError, RecipeError, RunFailed, UsageError
from colophon.schemas.fields import Column, arrow_field, arrow_schema
from colophon.schemas.manifest import MANIFEST_FORMAT, Manifest, Meaning
from colophon.schemas.manifest_schema import manifest_json_schema
from colophon.schemas.printing import harmless
from colophon.schemas.recipe import (
    Deduplicate,
    Output,
    Plan,
    Read,
    Recipe,
    Sections,
    Source,
    default_recipe,
    explained,
    load_recipe,
    output_folder,
    public_form,
    recipe_digest,
    recipe_from_inputs,
    recipe_json_schema,
    staging_folder,
    staging_form,
    with_inputs,
)
from colophon.schemas.records import (
    DATA_ORDER,
    DROPPED,
    FAILED,
    FATES,
    KEPT,
    ORPHANED,
    WITHDRAW,
    WITHDRAWN,
    WITHDRAWN_COPY,
    BucketRow,
    DataRow,
    HeldRow,
    LedgerRow,
    StagedRow,
    WeightRow,
)
from colophon.schemas.settings import Setting
from colophon.schemas.validation import as_plain, fault, keys_of
from colophon.schemas.weights import OTHERS, WEIGHED, Weights

__all__ = [
    "DATA_ORDER",
    "DROPPED",
    "FAILED",
    "FATES",
    "KEPT",
    "MANIFEST_FORMAT",
    "ORPHANED",
    "OTHERS",
    "WEIGHED",
    "WITHDRAW",
    "WITHDRAWN",
    "WITHDRAWN_COPY",
    "BucketRow",
    "CheckFailed",
    "ColophonError",
    "Column",
    "DataRow",
    "Deduplicate",
    "Document",
    "HeldRow",
    "LedgerRow",
    "Manifest",
    "Meaning",
    "Output",
    "Plan",
    "Read",
    "ReadOptions",
    "Recipe",
    "RecipeError",
    "RunFailed",
    "Sections",
    "Setting",
    "Source",
    "StagedRow",
    "Unreadable",
    "UsageError",
    "WeightRow",
    "Weights",
    "arrow_field",
    "arrow_schema",
    "as_plain",
    "canonical_digest",
    "canonical_json",
    "default_recipe",
    "explained",
    "fault",
    "harmless",
    "keys_of",
    "load_recipe",
    "manifest_json_schema",
    "output_folder",
    "public_form",
    "recipe_digest",
    "recipe_from_inputs",
    "recipe_json_schema",
    "staging_folder",
    "staging_form",
    "with_inputs",
]
