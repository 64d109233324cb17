//! What signing in refuses. Each refusal is the same whatever was wrong, so that nothing can be found out by trying.

use crate::kernel::{Kind, Rule};

/// What signing in refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignInRefusal {
    /// Organization, address, password or code is wrong, or there were too many attempts.
    #[error(
        "this organization, address and password do not belong together, or there were too many attempts; wait a while or reset the password"
    )]
    Refused,
    /// The password is right and a code is needed too.
    #[error("a code of the second factor is needed; send it with the password")]
    SecondFactorNeeded,
    /// A refresh token or key is unknown, over or used.
    #[error("this token is not good; sign in again")]
    TokenRefused,
    /// An invitation is unknown, over or accepted.
    #[error("this invitation is not good any more; ask for another")]
    InvitationRefused,
    /// A reset is unknown, over or used.
    #[error("this reset is not good any more; ask for another")]
    ResetRefused,
    /// There is a second factor already.
    #[error("there is a second factor already; remove it first")]
    SecondFactorPresent,
    /// There is no second factor, or the code is not right.
    #[error("this code is not right; enter the present one")]
    CodeRefused,
    /// The address belongs to a member already.
    #[error("this address belongs to a member already")]
    AlreadyMember,
}

impl Rule for SignInRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Refused => "sign_in.refused",
            Self::SecondFactorNeeded => "sign_in.second_factor_needed",
            Self::TokenRefused => "token.refused",
            Self::InvitationRefused => "invitation.refused",
            Self::ResetRefused => "password_reset.refused",
            Self::SecondFactorPresent => "second_factor.present",
            Self::CodeRefused => "second_factor.code_refused",
            Self::AlreadyMember => "invitation.already_member",
        }
    }
    fn kind(&self) -> Kind {
        match self {
            Self::Refused | Self::SecondFactorNeeded | Self::TokenRefused => Kind::Unauthenticated,
            Self::InvitationRefused | Self::ResetRefused => Kind::NotFound,
            Self::SecondFactorPresent | Self::AlreadyMember => Kind::Conflict,
            Self::CodeRefused => Kind::Invalid,
        }
    }
}
