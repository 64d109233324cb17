mod access;
mod cache;
mod fixture;
mod syncing;
