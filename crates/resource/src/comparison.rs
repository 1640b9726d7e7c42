//! The comparison of a specification's fields.

/// The way in which a field is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum As {
    /// A list in any order.
    Set,
    /// A policy document, by meaning. For each value of a map, the path ends in `.*`.
    Policy,
    /// A map that the stack owns whole: a key that another program adds is a difference.
    Whole,
    /// AWS does not return it: it is compared with the recorded spec, and listed as not compared.
    WriteOnly,
    /// It may hold secrets: plans show its keys and not its values, and the state keeps keyed hashes of them. A field
    /// can be this beside something else. `**` in its path stands for any number of steps, `definition.**.Environment`;
    /// a `*` within a step for any text, in any case, `definition.**.*token*`.
    ///
    /// Everything the field holds must be text, or be declared as JSON; and the thing must be found without it.
    Sensitive,
    /// Not sensitive, within something that is: what AWS defines, or the platform reads again from the state.
    Plain,
}
