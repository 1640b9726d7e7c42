//! What SageMaker's errors mean: it has few codes and says the rest in words.

use resource::Sign;
use std::time::Duration;

/// It is not there. Several operations answer so with a validation error.
pub(crate) const ABSENT: &[Sign] = &[
    ("ResourceNotFound", ""),
    ("ResourceNotFoundException", ""),
    ("ValidationException", "does not exist"),
    ("ValidationException", "not found"),
    ("ValidationException", "Unable to find"),
    ("ValidationException", "Could not find"),
];

/// The name is taken. `ResourceInUse` also says that something is busy, so the words decide.
pub(crate) const EXISTS: &[Sign] = &[
    ("ResourceInUse", "lready exists"),
    ("ResourceInUse", "Already Exists"),
    ("ValidationException", "already exists"),
    ("ConflictException", "already exists"),
];

/// It, or something in it, is being changed or deleted.
pub(crate) const BUSY: &[Sign] = &[("ResourceInUse", ""), ("ConflictException", "")];

/// A new role, or what it may do, has not reached SageMaker yet.
pub(crate) const PROPAGATING: &[Sign] = &[
    ("ValidationException", "execution role ARN is invalid"),
    ("ValidationException", "ould not assume role"),
    ("ValidationException", "annot assume"),
    ("ValidationException", "Invalid S3Uri provided"),
    ("ValidationException", "Access denied"),
    ("AccessDeniedException", "assume"),
];

/// How long a new role may take to be known everywhere.
pub(crate) const PROPAGATION: Duration = Duration::from_secs(120);

/// How long apps, spaces and profiles may take to go away.
pub(crate) const TIDYING: Duration = Duration::from_secs(900);
