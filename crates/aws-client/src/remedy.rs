//! The advice of a failure. Advice that needs an operation of mlopsctl is typed, and only a frontend words it: a library
//! does not know the commands and options of the program around it.

/// Advice for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Advice that needs no operation of mlopsctl, in plain words. Empty for none.
    Advice(String),
    /// Several remedies, one after the other.
    Several(Vec<Self>),
    /// One of several remedies.
    Either(Vec<Self>),
    /// Run the same operation again.
    Rerun,
    /// Give the resource another name in the environment file.
    RenameInFile,
    /// Allow to delete data with the resource.
    AllowDataDeletion {
        /// The address of the resource. `None` if the failed step is about it.
        address: Option<String>,
    },
    /// Allow to delete or replace a protected resource.
    Unprotect {
        /// The address of the resource.
        address: String,
    },
    /// Leave the state where it is.
    KeepState,
    /// Wait longer for slow resources.
    WaitLonger,
    /// Take over a resource that exists.
    Adopt {
        /// The name of the environment.
        environment: String,
        /// The address that the resource gets.
        address: String,
        /// The choice among several resources, or the purpose.
        how: Adoption,
    },
    /// Take over all resources of an environment that exist and that the state does not record.
    AdoptAll {
        /// The name of the environment.
        environment: String,
    },
    /// Take a resource out of the state, without a change in AWS.
    Forget {
        /// The name of the environment, if it is known.
        environment: Option<String>,
        /// The address of the resource, if it is known.
        address: Option<String>,
    },
    /// Give a recorded resource another address.
    MoveRecord {
        /// The recorded address.
        from: String,
        /// The new address.
        to: String,
    },
    /// Put an earlier version of the state back.
    RestoreState {
        /// The name of the environment, if it is known.
        environment: Option<String>,
        /// The S3 version to put back. `None` if a person has to choose one.
        version: Option<String>,
    },
    /// Remove the lock of a run that is gone for good.
    Unlock {
        /// The name of the environment.
        environment: String,
        /// The id of the lock.
        id: String,
    },
    /// Look up the addresses of an environment.
    ListAddresses,
    /// Run another operation.
    Perform {
        /// The operation.
        operation: Operation,
        /// The name of the environment, if it is known.
        environment: Option<String>,
        /// The effect as a verb phrase, such as "goes on from there". Its subject is the operation.
        effect: String,
    },
    /// Use the emulator instead of AWS.
    UseEmulator,
    /// Log in to AWS.
    LogIn {
        /// The profile. `None` for the default one.
        profile: Option<String>,
    },
    /// Switch versioning on for a bucket.
    KeepVersions {
        /// The name of the bucket.
        bucket: String,
    },
    /// Close a bucket to the public.
    BlockPublicAccess {
        /// The name of the bucket.
        bucket: String,
    },
    /// Ask AWS for a higher quota.
    RaiseQuota {
        /// The code of the service in Service Quotas.
        service: String,
        /// The code of the quota.
        code: String,
        /// The amount that is needed.
        wanted: usize,
        /// The region of the request, if it is not that of the credentials.
        region: Option<&'static str>,
    },
}

/// The way in which an existing resource is adopted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adoption {
    /// By its declared name.
    ByName,
    /// By its id, which a person has to name.
    ById,
    /// To give a resource that mlopsctl made its tags back.
    ForTags,
}

/// An operation of mlopsctl that a remedy names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Write the files of a new project.
    Init,
    /// Check an environment file without AWS.
    Validate,
    /// Show the changes.
    Plan,
    /// Apply the environment file.
    Up,
    /// Compare AWS with the state.
    Drift,
    /// Repair drift.
    Reconcile,
    /// Find problems.
    Doctor,
    /// Print the least policy: of an environment, of one of its roles, or without AWS.
    PrintPolicy(PolicyOf),
    /// List the versions of the state.
    ListStates,
    /// Show a recorded resource.
    ShowRecord,
    /// Write a state from a file, even if it was begun elsewhere.
    WriteState,
    /// Forget the data of the emulator.
    ResetEmulator,
}

/// The policy to print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyOf {
    /// The policy with which an environment can be provisioned.
    Environment,
    /// The same, for an account that is named instead of looked up.
    NamedAccount,
    /// The policy of an existing role, by its key in `[identity.roles]`.
    Role(String),
}

impl Remedy {
    /// Another operation and its effect.
    pub fn perform(operation: Operation, environment: Option<&str>, effect: impl Into<String>) -> Self {
        Self::Perform { operation, environment: environment.map(str::to_owned), effect: effect.into() }
    }

    /// The environment whose resource a person may take over by its name, if that is among the remedies.
    pub fn adopting(&self) -> Option<&str> {
        match self {
            Self::Adopt { environment, how: Adoption::ByName, .. } => Some(environment),
            Self::Several(all) | Self::Either(all) => all.iter().find_map(Self::adopting),
            _ => None,
        }
    }

    /// The advice in plain words. Empty if the remedy is an operation.
    pub fn advice(&self) -> &str {
        match self {
            Self::Advice(words) => words,
            _ => "",
        }
    }
}

impl From<&str> for Remedy {
    fn from(words: &str) -> Self {
        Self::Advice(words.to_owned())
    }
}

impl From<String> for Remedy {
    fn from(words: String) -> Self {
        Self::Advice(words)
    }
}
