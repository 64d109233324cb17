//! What the vault promises: its own place, its own key, nothing changed, and no panic whatever is stored.

use crm_core::access::OrganizationId;
use crm_core::inbox::Connection;
use crm_core::kernel::Id;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn key(name: &str, byte: u8) -> VaultKey {
    VaultKey::new(name, [byte; 32]).unwrap()
}

fn vault(keys: &[(&str, u8)]) -> CipherVault {
    CipherVault::new(keys.iter().map(|(name, byte)| key(name, *byte)).collect()).unwrap()
}

fn place() -> SecretPlace {
    let organization: OrganizationId = Id::new(Uuid::from_u128(1));
    SecretPlace::of(organization, "token", Id::<Connection>::new(Uuid::from_u128(2)))
}

#[test]
fn a_secret_opens_in_its_own_place_only() {
    let vault = vault(&[("a", 7)]);
    let sealed = vault.seal(&place(), &Secret::new("canary-4711")).unwrap();
    assert_eq!(vault.open(&place(), &sealed).unwrap().expose(), "canary-4711");
    let elsewhere = [
        SecretPlace { organization: Id::new(Uuid::from_u128(9)), ..place() },
        SecretPlace { entity: "member", ..place() },
        SecretPlace { column: "other", ..place() },
        SecretPlace { id: Uuid::from_u128(9), ..place() },
    ];
    for other in elsewhere {
        assert_eq!(vault.open(&other, &sealed).unwrap_err(), VaultError::CannotOpen, "{other:?}");
    }
}

#[test]
fn the_same_secret_is_sealed_otherwise_each_time() {
    let vault = vault(&[("a", 7)]);
    let seal = || vault.seal(&place(), &Secret::new("canary")).unwrap();
    assert_ne!(seal(), seal());
}

#[test]
fn keys_change_one_seals_and_all_open() {
    let before = vault(&[("2025", 1)]);
    let old = before.seal(&place(), &Secret::new("canary")).unwrap();
    let between = vault(&[("2026", 2), ("2025", 1)]);
    assert_eq!(between.open(&place(), &old).unwrap().expose(), "canary");
    assert!(before.is_current(&old) && !between.is_current(&old));
    let new = between.seal(&place(), &Secret::new("canary")).unwrap();
    assert!(new.0.starts_with("v1.2026.") && between.is_current(&new));
    let after = vault(&[("2026", 2)]);
    assert_eq!(after.open(&place(), &new).unwrap().expose(), "canary");
    let refused = after.open(&place(), &old).unwrap_err();
    assert_eq!(refused, VaultError::UnknownKey("2025".to_owned()));
    assert!(refused.to_string().contains("'2025'"), "{refused}");
    // A key of the same name and other bytes opens nothing.
    assert_eq!(vault(&[("2025", 9)]).open(&place(), &old).unwrap_err(), VaultError::CannotOpen);
}

#[test]
fn what_is_no_sealed_secret_is_called_so() {
    let vault = vault(&[("a", 7)]);
    for stored in ["", "token", "v1", "v1.a", "v1.a.", "v1.a.AAAA", "v1.a.#", "v2.a.AAAA", "v1.A B.AAAA", "v1..AAAA"] {
        let refused = vault.open(&place(), &SealedSecret(stored.to_owned())).unwrap_err();
        assert_eq!(refused, VaultError::NotSealed, "{stored}");
        assert!(!vault.is_current(&SealedSecret(stored.to_owned())) || stored.starts_with("v1.a."), "{stored}");
    }
}

#[test]
fn neither_keys_nor_secrets_are_printed() {
    let fresh = VaultKey::fresh("2026-11").unwrap();
    let text = fresh.text().expose().to_owned();
    let encoded = text.strip_prefix("2026-11:").unwrap().to_owned();
    let vault: CipherVault = text.parse().unwrap();
    let shown = format!("{fresh:?} {vault:?} {:?}", VaultKey::from_str(&format!("2026-11:{encoded}A")));
    assert!(shown.contains("2026-11") && !shown.contains(&encoded), "{shown}");
    assert_ne!(fresh.text().expose(), VaultKey::fresh("2026-11").unwrap().text().expose());
}

#[test]
fn keys_are_read_as_people_write_them() {
    let (one, two) = (key("new", 251), key("old_1", 255));
    let (one, two) = (one.text().expose().to_owned(), two.text().expose().to_owned());
    assert!(one.contains('+') && two.contains('/') && one.ends_with('='), "{one} {two}");
    let url_safe = two.replace('/', "_").replace('=', "");
    for text in [format!("{one},{two}"), format!("  {one}\n{url_safe} ")] {
        let vault: CipherVault = text.parse().unwrap();
        assert_eq!(vault.key_names().collect::<Vec<_>>(), ["new", "old_1"]);
        let sealed = vault.seal(&place(), &Secret::new("x")).unwrap();
        assert_eq!(vault.open(&place(), &sealed).unwrap().expose(), "x");
    }
    let refusal = |text: &str| text.parse::<CipherVault>().unwrap_err();
    assert_eq!(refusal(" , "), KeyRefusal::NoKey);
    assert_eq!(refusal("no-colon"), KeyRefusal::BadName);
    assert_eq!(refusal("A:AAAA"), KeyRefusal::BadName);
    assert_eq!(refusal("a:AAAA"), KeyRefusal::BadKey("a".to_owned()));
    assert_eq!(refusal("a:not base64"), KeyRefusal::BadKey("a".to_owned()));
    assert_eq!(refusal(&format!("{one} {one}")), KeyRefusal::Twice("new".to_owned()));
}

proptest! {
    #[test]
    fn every_text_comes_back(text in ".{0,200}") {
        let vault = vault(&[("a", 7)]);
        let sealed = vault.seal(&place(), &Secret::new(text.clone())).unwrap();
        let opened = vault.open(&place(), &sealed).unwrap();
        prop_assert_eq!(opened.expose(), text);
    }

    #[test]
    fn whatever_is_changed_or_cut_is_refused(
        at in any::<prop::sample::Index>(),
        put in proptest::char::any(),
        cut in any::<bool>(),
    ) {
        let vault = vault(&[("a", 7), ("b", 8)]);
        let sealed = vault.seal(&place(), &Secret::new("canary-4711")).unwrap();
        let mut letters: Vec<char> = sealed.0.chars().collect();
        let at = at.index(letters.len());
        if cut {
            letters.truncate(at);
        } else {
            letters[at] = put;
        }
        let changed = SealedSecret(letters.into_iter().collect());
        prop_assume!(changed != sealed);
        prop_assert!(vault.open(&place(), &changed).is_err());
    }

    #[test]
    fn any_text_at_all_is_refused_without_a_panic(stored in "(v1\\.[ab]\\.)?[-_A-Za-z0-9.]{0,120}") {
        let vault = vault(&[("a", 7), ("b", 8)]);
        prop_assert!(vault.open(&place(), &SealedSecret(stored)).is_err());
    }
}
